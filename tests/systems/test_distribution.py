"""The archives that users get: what is in them, and that the same sources give the same bytes."""

import hashlib
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.house import PACKAGE, ROOT

EPOCH = "1700000000"


def build(folder):
    """Build both archives into ``folder``, and return the wheel and the sdist."""
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    environment = os.environ | {"SOURCE_DATE_EPOCH": EPOCH}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return wheel, sdist


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    if not (ROOT / "pyproject.toml").exists() or not (ROOT / "LICENSE").exists():
        pytest.skip("the sources are not here")
    return build(tmp_path_factory.mktemp("one")), build(tmp_path_factory.mktemp("two"))


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_same_sources_give_the_same_bytes(archives):
    (wheel, sdist), (other_wheel, other_sdist) = archives
    assert (wheel.name, digest(wheel)) == (other_wheel.name, digest(other_wheel))
    assert (sdist.name, digest(sdist)) == (other_sdist.name, digest(other_sdist))


def test_the_wheel_holds_the_package_and_nothing_else(archives):
    names = set(zipfile.ZipFile(archives[0][0]).namelist())
    (about,) = {name.split("/")[0] for name in names} - {"kycaid_async"}
    assert about.endswith(".dist-info")
    files = {name.removeprefix(f"{about}/") for name in names if name.startswith(about)}
    assert files == {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses/LICENSE"}
    ours = {
        path.relative_to(ROOT).as_posix()
        for path in PACKAGE.rglob("*")
        if path.is_file() and not {"__pycache__", "docs", "examples"} & {*path.relative_to(PACKAGE).parts}
    }
    assert {name for name in names if name.startswith("kycaid_async/")} == ours
    assert {"kycaid_async/py.typed", "kycaid_async/__init__.pyi", "kycaid_async/api/signatures.pyi"} <= ours


def test_the_sdist_holds_what_the_repository_does(archives):
    with tarfile.open(archives[0][1]) as archive:
        names = archive.getnames()
    tops = {Path(name).parts[1] for name in names if len(Path(name).parts) > 1}
    assert tops <= {
        *(
            ".ci",
            ".github",
            ".gitignore",
            ".pre-commit-config.yaml",
            "CHANGELOG.md",
            "LICENSE",
            "PKG-INFO",
            "README.md",
        ),
        *("benchmarks", "kycaid_async", "pyproject.toml", "tests"),
    }
    assert {"kycaid_async", "tests", "LICENSE", "README.md", "PKG-INFO", "pyproject.toml"} <= tops
    unwanted = ("__pycache__", ".venv", ".hypothesis", ".env", ".sqlite")
    assert [name for name in names if any(part.endswith(unwanted) for part in Path(name).parts)] == []


def test_what_is_needed_to_run_is_what_the_readme_says(archives):
    """A dependency that comes by accident fails this."""
    (metadata,) = [n for n in zipfile.ZipFile(archives[0][0]).namelist() if n.endswith("METADATA")]
    lines = zipfile.ZipFile(archives[0][0]).read(metadata).decode().splitlines()
    always = {
        re.match(r"Requires-Dist: ([\w-]+)", line)[1]
        for line in lines
        if line.startswith("Requires-Dist:") and "extra ==" not in line
    }
    assert always == {"aiohttp", "anyio", "attrs", "cattrs"}
