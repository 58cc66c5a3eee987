import inspect
import re
import subprocess
import sys

import pytest

import kycaid_async
from kycaid_async.api.catalog import ENDPOINTS

NOT_LAZY = {"__version__", "servers"}
HEAVY = ["aiohttp", "anyio", "cattrs", "filetype", "yarl", "typer", "rich", "PIL"]


def ruff_key(name):
    """The order of RUF022: constants, then classes, then the rest, each as isort sorts it."""
    group = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    return group, [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def run(code):
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)  # noqa: S603
    return finished.stdout.split()


def test_all_is_sorted_and_without_repetitions():
    assert kycaid_async.__all__ == sorted(set(kycaid_async.__all__), key=ruff_key)


def test_all_is_the_table_of_lazy_names():
    assert set(kycaid_async.__all__) == set(kycaid_async._HOMES) | NOT_LAZY


@pytest.mark.parametrize("name", kycaid_async.__all__)
def test_every_public_name_resolves(name):
    assert getattr(kycaid_async, name) is not None
    assert name in dir(kycaid_async)


@pytest.mark.parametrize("name", kycaid_async._HOMES)
def test_every_name_lives_where_the_table_says(name):
    """A name that is only imported into its home would load another module than the table promises."""
    found = getattr(kycaid_async, name)
    home = "kycaid_async" + kycaid_async._HOMES[name]
    if inspect.isclass(found) or inspect.isfunction(found):
        assert found.__module__ in (home, "kycaid_async")


def test_every_model_of_every_endpoint_is_public():
    models = {model for endpoint in ENDPOINTS.values() for model in endpoint.accepts}
    models |= {endpoint.returns.model for endpoint in ENDPOINTS.values() if hasattr(endpoint.returns, "model")}
    assert {model.__name__ for model in models} <= set(kycaid_async.__all__)


def test_star_import_brings_every_public_name():
    namespace = {}
    exec("from kycaid_async import *", namespace)  # noqa: S102
    assert set(kycaid_async.__all__) <= set(namespace)


def test_an_unknown_name_is_an_attribute_error_that_says_which():
    with pytest.raises(AttributeError, match="module 'kycaid_async' has no attribute 'Kycade'"):
        kycaid_async.Kycade  # noqa: B018
    assert not hasattr(kycaid_async, "_private")


def test_importing_an_unknown_name_is_an_import_error():
    with pytest.raises(ImportError):
        exec("from kycaid_async import Kycade", {})  # noqa: S102


def test_the_import_loads_nothing_but_itself():
    loaded = run("import kycaid_async, sys; print(*(m for m in sys.modules if m.startswith('kycaid_async')))")
    assert loaded == ["kycaid_async"]


@pytest.mark.parametrize(
    "code",
    [
        "import kycaid_async",
        "from kycaid_async import AsyncKycaid; AsyncKycaid('key')",
        "from kycaid_async import CreditCard; repr(CreditCard(applicant_id='x' * 36))",
        "from kycaid_async import AsyncKycaid; client = AsyncKycaid('key'); client.documents; client.files",
    ],
)
def test_nothing_heavy_loads_before_the_first_connection(code):
    loaded = run(f"{code}\nimport sys; print(*(m for m in {HEAVY} if m in sys.modules))")
    assert loaded == []


def test_the_version_is_that_of_the_distribution():
    from importlib.metadata import version

    assert kycaid_async.__version__ == version("kycaid-async")
