"""The pytest plugin: a sandbox for each test, and clients of it. It loads nothing until a test asks for it."""

from typing import TYPE_CHECKING, Any

from kycaid_async.extras import missing

try:
    import pytest
except ImportError as error:
    raise missing("testing", error) from error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kycaid_async import AsyncKycaid, Kycaid
    from kycaid_async.testing import RunningSandbox


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "kycaid_sandbox(**options): start the sandbox of this test with these options")


def _options(node: pytest.Item) -> dict[str, Any]:
    """Return the options of all markers of a test: those of its own win over those of its class and module."""
    options: dict[str, Any] = {}
    for marker in node.iter_markers("kycaid_sandbox"):
        if marker.args:
            raise pytest.UsageError(
                f"the options of kycaid_sandbox have names: review='manual', not {marker.args[0]!r}"
            )
        options = {**marker.kwargs, **options}
    return options


@pytest.fixture
def kycaid_sandbox(request: pytest.FixtureRequest) -> "Iterator[RunningSandbox]":
    """A sandbox of this test's own, which knows nothing yet. It runs in a thread of its own.

    ``@pytest.mark.kycaid_sandbox(review="manual")`` gives it options of `kycaid_async.sandbox.Sandbox`. The options of
    a class and of its method are taken together; where both set one, the method's wins.
    """
    from kycaid_async.testing import Sandbox

    with Sandbox(**_options(request.node)) as running:
        yield running


@pytest.fixture
def async_kycaid(request: pytest.FixtureRequest, kycaid_sandbox: "RunningSandbox") -> "Iterator[AsyncKycaid]":
    """A client of the test's sandbox, for asynchronous tests of any plugin. It closes with the test or its loop."""
    from kycaid_async import AsyncKycaid
    from kycaid_async.loops import ADVICE

    # The plugin of anyio runs a test with each library that is installed.
    if "anyio_backend" in request.fixturenames and request.getfixturevalue("anyio_backend_name") != "asyncio":
        pytest.fail(f"{ADVICE}.", pytrace=False)
    client = AsyncKycaid(kycaid_sandbox.api_key, base_url=kycaid_sandbox.url)
    yield client
    # A loop that serves several tests would keep the connections of all of them.
    client._shared.resources.close_idle()  # noqa: SLF001 - only a plugin of tests ends a loop's client from outside


@pytest.fixture
def kycaid(kycaid_sandbox: "RunningSandbox") -> "Iterator[Kycaid]":
    """A blocking client of the test's sandbox."""
    from kycaid_async import Kycaid

    with Kycaid(kycaid_sandbox.api_key, base_url=kycaid_sandbox.url) as client:
        yield client
