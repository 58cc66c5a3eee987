"""The house: sizes of its modules and functions, and what ARCHITECTURE.md says of its rooms."""

import ast
import re
import statistics
import tomllib
from collections import defaultdict
from itertools import chain, pairwise

import pytest
import yaml

from kycaid_async.api.sections import SECTIONS
from tests.house import PACKAGE, ROOT, importers, length, modules
from tests.test_names import per_room

ARCHITECTURE = (ROOT / ".github" / "ARCHITECTURE.md").read_text("utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
CONTRACTS = PROJECT["tool"]["importlinter"]["contracts"]
CLASSIFIERS = PROJECT["project"]["classifiers"]
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8"))


def layers(contract):
    """Return the floors of a contract, from top to bottom, each a set of dotted names below the package."""
    above = [f"{container}." for container in contract.get("containers", ())] or [""]
    return [
        {f"{prefix}{name.strip()}".removeprefix("kycaid_async.") for name in floor.split("|") for prefix in above}
        for floor in contract["layers"]
    ]


def drawn_floors():
    """Return the floors of the house as ARCHITECTURE.md draws them."""
    drawing = re.search(r"## The house\n.*?```\n(.*?)```", ARCHITECTURE, re.DOTALL).group(1)
    # The rooms of a floor stand at its left, two spaces apart, and what they are for begins in column 47.
    return [set(line[:47].split()) for line in drawing.splitlines() if line.strip()]


def test_few_modules_are_shorter_than_fifty_lines():
    small = [
        module.where
        for module in modules()
        # Django asks for a module each of applications, models, migrations and commands.
        if not module.is_package and len(module.lines) < 50 and not module.where.startswith("web/django/")
    ]
    assert len(small) <= 40, f"{len(small)}: {per_room(small)}"


def test_few_short_modules_serve_one_other_module_only():
    helpers = [
        f"{module.where} serves {user}"
        for module in modules()
        if not module.is_package and len(module.lines) < 80 and len(importers()[module.name]) == 1
        for user in importers()[module.name]
    ]
    assert len(helpers) <= 8, f"{len(helpers)}: {per_room(helpers)}"


OF_A_ROW = {
    "bulk/contents.py",
    "bulk/delivery.py",
    "bulk/ledger/database.py",
    "bulk/ledger/entries.py",
    "bulk/ledger/ledger.py",
    "bulk/ledger/secret.py",
    "bulk/manifest/check.py",
    "bulk/manifest/csv_format.py",
    "bulk/manifest/format.py",
    "bulk/manifest/manifest.py",
    "bulk/manifest/places.py",
    "bulk/manifest/row.py",
    "bulk/prerequisites.py",
    "bulk/requests/limits.py",
    "bulk/requests/resilient_caller.py",
    "bulk/row.py",
    "bulk/run.py",
    "bulk/upload.py",
    "cli/upload/run.py",
    "cli/upload/stats.py",
}
"""The files that a row passes on its way to its ledger entry, as `python -m benchmarks.walks --files` names them."""


def changed_elsewhere(function):
    """Return the attributes that a function sets of objects that are neither its own nor made in it."""
    made = {
        name.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call | ast.Await)
        for target in node.targets
        for name in ast.walk(target)
        if isinstance(name, ast.Name)
    }
    set_here = [
        node for node in ast.walk(function) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
    ]
    return [ast.unparse(node) for node in set_here if getattr(node.value, "id", "") not in {"self", "cls", *made}]


def test_no_step_of_a_row_changes_an_object_of_another():
    known = {"summary": "that of the run, brought up to date when it is asked for"}
    found = [
        f"{module.where}: {function.name}: {changed}"
        for module in modules()
        if module.where in OF_A_ROW
        for function in module.functions
        if function.name not in known
        for changed in changed_elsewhere(function)
    ]
    assert not found, found
    assert len(OF_A_ROW) <= 20
    assert {module.where for module in modules()} >= OF_A_ROW


def test_no_module_is_longer_than_four_hundred_lines():
    assert not [f"{module.where}: {len(module.lines)}" for module in modules() if len(module.lines) > 400]


def test_functions_are_short():
    lengths = [(length(node), module.where, node.name) for module in modules() for node in module.functions]
    assert statistics.median(lines for lines, *_ in lengths) <= 8
    assert not [function for function in lengths if function[0] > 60]


def test_the_architecture_draws_every_room_and_no_other():
    rooms = {module.room for module in modules()} - {""}
    assert set(chain(*drawn_floors())) == rooms


def test_the_architecture_draws_the_floors_that_are_held():
    (contract,) = [one for one in CONTRACTS if one["name"] == "Rooms import only what stands below them"]
    floors = layers(contract)
    height = {room: len(floors) - floor for floor, rooms in enumerate(floors) for room in rooms}
    drawn = drawn_floors()
    assert set(height) == set(chain(*drawn))
    for upper, lower in pairwise(drawn):
        assert min(height[room] for room in upper) > max(height[room] for room in lower), (upper, lower)


def test_the_architecture_names_modules_and_folders_that_exist():
    named = set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.py)?)`", ARCHITECTURE))
    missing = [name for name in named if not (PACKAGE / name).exists() and not (ROOT / name).exists()]
    assert not missing, missing
    assert named


def test_every_module_with_endpoints_is_in_the_list_of_sections():
    declaring = {
        module.where.split("/")[1].removesuffix(".py")
        for module in modules()
        if module.room == "api"
        for node in module.tree.body
        if isinstance(node, ast.Assign) and any(getattr(name, "id", "") == "ENDPOINTS" for name in node.targets)
    }
    if missing := declaring - set(SECTIONS):
        pytest.fail(f"kycaid_async/api/sections.py has no line for {', '.join(sorted(missing))}", pytrace=False)
    assert declaring == set(SECTIONS)


def test_the_workflow_runs_on_every_python_and_system_that_the_package_is_for():
    matrix = WORKFLOW["jobs"]["combinations"]["strategy"]["matrix"]
    versions = [name.rpartition(" ")[2] for name in CLASSIFIERS if re.search(r"Python :: 3\.\d+$", name)]
    assert matrix["python"] == versions
    assert {system.partition("-")[0] for system in matrix["system"]} == {"ubuntu", "macos", "windows"}
    assert sum("Operating System ::" in name for name in CLASSIFIERS) == 3
    assert matrix["dependencies"] == ["oldest", "newest"]


def test_the_workflow_calls_the_scripts_of_the_repository():
    steps = [step.get("run", "") for job in WORKFLOW["jobs"].values() for step in job["steps"]]
    called = {found for step in steps for found in re.findall(r"(?:^|\s)(\.ci/\w+)", step)}
    called |= set(re.findall(r"^\.ci/\w+", (ROOT / ".ci/run").read_text("utf-8"), re.MULTILINE))
    assert called == {f".ci/{path.name}" for path in (ROOT / ".ci").iterdir()}


@pytest.mark.parametrize("path", [".github/**/*.yml", ".pre-commit-config.yaml"])
def test_the_configuration_for_others_can_be_read(path):
    files = list(ROOT.glob(path))
    assert files
    assert all(isinstance(yaml.safe_load(file.read_text("utf-8")), dict) for file in files)


def test_no_module_imports_itself_by_way_of_others():
    """Imports inside functions and for type checkers count, but for one pair that has to know each other."""
    imported = defaultdict(set)
    for module, users in importers().items():
        for user in users - {"kycaid_async"}:  # it names all modules, for type checkers and for analysers
            imported[user].add(module)
    imported["kycaid_async.values.model"] -= {"kycaid_async.values.converter"}  # `to_dict`, and the hooks for models
    circular = []
    while imported:
        leaves = {module for module in imported if not imported[module] & imported.keys()}
        if not leaves:
            circular = sorted(imported)
            break
        imported = {module: names for module, names in imported.items() if module not in leaves}
    assert not circular, f"in circles, or above one: {circular}"


@pytest.mark.parametrize("room", ["sandbox", "transport", "bulk", "cli"])
def test_the_rooms_within_a_room_are_held_too(room):
    """No circle, and no arrow upwards."""
    inner = {path.name for path in (PACKAGE / room).iterdir() if (path / "__init__.py").exists()}
    contracts = [contract for contract in CONTRACTS if contract["type"] == "layers"]
    held = {name for contract in contracts for floor in layers(contract) for name in floor}
    assert {f"{room}.{name}" for name in inner} <= held
