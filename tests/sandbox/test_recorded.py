"""What was recorded of the real service, asked of the sandbox: 32 of 40 exchanges come out as they were recorded."""

from datetime import timedelta

import aiohttp
import pytest

from kycaid_async.sandbox import Sandbox
from kycaid_async.sandbox.data.account import FORMS
from tests.sandbox.recorded import RECORDINGS, Exchange

RIGHT = 32


def shape(value):
    """Return what a value is made of: keys in their order, and types."""
    if isinstance(value, dict):
        return [(key, shape(inner)) for key, inner in value.items()]
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def is_as_recorded(exchange: Exchange, status, answer) -> bool:
    if status != exchange.status:
        return False
    return answer == exchange.answer if status == 422 else shape(answer) == shape(exchange.answer)


async def replay(recording, call, clock, made, picture):
    """Ask what was asked, and say of each exchange whether it came out as recorded."""
    for exchange in recording.exchanges:
        clock.now += timedelta(minutes=exchange.minutes_before)
        fields = {name: value.format(**made) for name, value in exchange.fields.items()}
        if exchange.path == "/files":
            data = aiohttp.FormData({"sandbox": "true"}, default_to_multipart=True)
            data.add_field("file", picture, filename="front.jpg", content_type="image/jpg")
        else:
            data = fields or None
        status, answer = await call(exchange.method, exchange.path.format(**made), data=data)
        made["file"] = answer.get("file_id", made.get("file"))
        yield exchange, is_as_recorded(exchange, status, answer)


@pytest.fixture
async def compared(call, clock, applicant, make_picture):
    seen = []
    for recording in RECORDINGS:
        owner = await applicant(email="jane@example.com", residence_country="GB")
        made = {"applicant": owner, "form": FORMS[0].id}
        async for exchange, is_right in replay(recording, call, clock, made, make_picture()):
            seen.append((recording.name, exchange, is_right))
    return seen


async def test_of_40_recorded_exchanges_32_come_out_as_recorded_and_of_the_others_it_is_known_why(compared):
    wrong = [(name, exchange) for name, exchange, is_right in compared if not is_right]
    assert len(compared) == 40
    assert [(name, exchange.method, exchange.fields) for name, exchange in wrong if not exchange.why_not] == []
    assert len(compared) - len(wrong) == RIGHT
    assert [name for name, exchange, is_right in compared if is_right and exchange.why_not] == []


async def test_a_strict_sandbox_takes_none_of_the_old_clients_forms(clock):
    async with Sandbox(clock=clock, strict=True) as sandbox, aiohttp.ClientSession(sandbox.url) as session:
        key = {"Authorization": f"Token {sandbox.api_key}"}
        async with session.post("/applicants", data=RECORDINGS[0].exchanges[0].fields, headers=key) as response:
            assert response.status == 400
