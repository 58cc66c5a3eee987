"""A plugin that runs the tests on uvloop: ``python -m pytest -p tests.on_uvloop tests/transport``."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

_LOST = (
    "uvloop writes past Python's sockets: an answer that comes together with a reset is lost now and then "
    "(see kycaid_async/transport/aiohttp/sockets.py); what is told then is that it may have been processed"
)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        # Over TLS that is seen on a quiet machine too, without it on a busy one only.
        early = "test_early_answers" in item.nodeid
        if early and ("TLS" in item.nodeid or "_is_seen_every_time" in item.nodeid):
            item.add_marker(pytest.mark.xfail(strict=False, reason=_LOST))
