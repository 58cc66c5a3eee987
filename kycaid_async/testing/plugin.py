"""The pytest plugin: a sandbox for each test, and clients of it. It loads nothing until a test asks for it."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kycaid_async import AsyncKycaid, Kycaid
    from kycaid_async.testing import RunningSandbox


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known."""
    config.addinivalue_line("markers", "kycaid_sandbox(**options): start the sandbox of this test with these options")


@pytest.fixture
def kycaid_sandbox(request: pytest.FixtureRequest) -> "Iterator[RunningSandbox]":
    """A sandbox of this test's own, which knows nothing yet. It runs in a thread of its own.

    ``@pytest.mark.kycaid_sandbox(review="manual")`` gives it options of `kycaid_async.sandbox.Sandbox`.
    """
    from kycaid_async.testing import Sandbox

    marker = request.node.get_closest_marker("kycaid_sandbox")
    with Sandbox(**(marker.kwargs if marker else {})) as running:
        yield running


@pytest.fixture
def async_kycaid(kycaid_sandbox: "RunningSandbox") -> "AsyncKycaid":
    """A client of the test's sandbox, for asynchronous tests of any plugin. It closes with the test's event loop."""
    from kycaid_async import AsyncKycaid

    return AsyncKycaid(kycaid_sandbox.api_key, base_url=kycaid_sandbox.url)


@pytest.fixture
def kycaid(kycaid_sandbox: "RunningSandbox") -> "Iterator[Kycaid]":
    """A blocking client of the test's sandbox."""
    from kycaid_async import Kycaid

    with Kycaid(kycaid_sandbox.api_key, base_url=kycaid_sandbox.url) as client:
        yield client
