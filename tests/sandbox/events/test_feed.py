"""The feed of what happens in a sandbox."""

import asyncio
from contextlib import suppress

import pytest

from kycaid_async import AsyncKycaid, KycaidError
from kycaid_async.sandbox import DeliveryChanged, Missed, RequestServed, Sandbox, StateChanged
from kycaid_async.sandbox.events.feed import EventFeed
from kycaid_async.sandbox.faults import Fault, FaultKind


def request(number: int) -> RequestServed:
    return RequestServed(operation="a", status=number, milliseconds=1.0)


async def drain(watch) -> list:
    watch.close()
    return [event async for event in watch]


async def test_requests_changes_and_deliveries_are_told_as_they_come(sandbox, kycaid, applicant, server):
    server.answer()
    server.answer()
    with sandbox.watch() as watch:
        owner = await applicant()
        document = await kycaid.documents.create(applicant_id=owner, type="PASSPORT")
        await kycaid.documents.get(document)
        made = await kycaid.verifications.create(applicant_id=owner, callback_url=server.url)
        await sandbox.settle()
        events = await drain(watch)
    changes = [(event.kind, event.id, event.status) for event in events if isinstance(event, StateChanged)]
    assert changes == [
        ("applicants", owner, None),
        ("documents", document, "new"),
        ("documents", document, "invalid"),
        ("verifications", made, "pending"),
        ("verifications", made, "completed"),
    ]
    served = [event for event in events if isinstance(event, RequestServed)]
    names = ["applicants.create", "documents.create", "documents.get", "verifications.create"]
    assert [(event.operation, event.status) for event in served] == [(name, 200) for name in names]
    assert all(event.milliseconds > 0 for event in served)
    delivered = [event.delivery for event in events if isinstance(event, DeliveryChanged)]
    assert {delivery.request_id for delivery in delivered if delivery.arrived} == {
        delivery.request_id for delivery in sandbox.deliveries()
    }
    assert "Jane" not in repr(events)


async def test_refusals_and_unknown_paths_are_told_too(sandbox, call):
    with sandbox.watch() as watch:
        await call("POST", "/applicants", json={})
        await call("GET", "/applicants/Canary", key=None)
        await call("GET", "/nowhere/Canary")
        events = await drain(watch)
    assert [(event.operation, event.status) for event in events] == [
        ("applicants.create", 422),
        ("applicants.get", 401),
        ("unknown", 404),
    ]
    assert "Canary" not in repr(events)


async def test_what_was_rolled_back_is_not_told(sandbox, call, applicant):
    with sandbox.watch() as watch:
        given = {"applicant_id": "f" * 36, "type": "PASSPORT"}
        assert (await call("POST", "/documents", json=given))[0] == 404
        assert not any(isinstance(event, StateChanged) for event in await drain(watch))


async def test_a_removal_is_told(sandbox, kycaid, make_picture):
    file_id = await kycaid.files.create(make_picture())
    with sandbox.watch() as watch:
        await kycaid.files.delete(file_id)
        changed, _ = await drain(watch)
    assert changed == StateChanged(kind="files", id=file_id, status=None)


async def test_who_is_too_slow_learns_how_much_was_missed(monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.events.feed.ROOM", 3)
    feed = EventFeed()
    with feed.watch() as slow, feed.watch() as fast:
        feed.publish(request(number) for number in range(2))
        assert [await anext(fast), await anext(fast)] == [request(0), request(1)]
        feed.publish(request(number) for number in range(2, 5))
        assert await drain(slow) == [Missed(count=2), request(2), request(3), request(4)]
        assert await drain(fast) == [request(2), request(3), request(4)]


async def test_a_watch_waits_for_news():
    feed = EventFeed()
    with feed.watch() as watch:
        waiting = asyncio.create_task(anext(watch))
        await asyncio.sleep(0)
        assert not waiting.done()
        feed.publish([request(1)])
        assert await waiting == request(1)


async def test_all_that_waits_is_told_together(monkeypatch):
    monkeypatch.setattr("kycaid_async.sandbox.events.feed.ROOM", 2)
    feed = EventFeed()
    with feed.watch() as watch:
        waiting = asyncio.create_task(watch.all_waiting())
        await asyncio.sleep(0)
        feed.publish([request(1)])
        assert await waiting == [request(1)]
        feed.publish(request(number) for number in range(2, 5))
        assert await watch.all_waiting() == [Missed(count=1), request(3), request(4)]
    assert await watch.all_waiting() == []


async def test_after_its_end_nothing_is_told():
    feed = EventFeed()
    with feed.watch() as watch:
        feed.publish([request(1)])
    feed.publish([request(2)])
    assert await anext(watch) == request(1)
    with pytest.raises(StopAsyncIteration):
        await anext(watch)


async def test_a_watch_ends_with_the_sandbox():
    async with Sandbox() as sandbox:
        waiting = asyncio.create_task(anext(sandbox.watch()))
        await asyncio.sleep(0)
    with pytest.raises(StopAsyncIteration):
        await waiting


async def test_a_watch_that_nobody_reads_holds_nobody_up(sandbox, kycaid, applicant, monkeypatch, nothing_blocks):
    monkeypatch.setattr("kycaid_async.sandbox.events.feed.ROOM", 5)
    with sandbox.watch() as watch, nothing_blocks():
        for _ in range(20):
            await applicant()
        first, *rest = await drain(watch)
    assert first == Missed(count=35)
    assert len(rest) == 5


async def test_a_fault_on_demand_is_told_as_it_was_answered(sandbox, call):
    sandbox.faults.add(Fault(FaultKind.GATEWAY))
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_retries=0) as client:
        with sandbox.watch() as watch:
            with pytest.raises(Exception, match="502"):
                await client.forms.list()
            (event,) = await drain(watch)
    assert (event.operation, event.status) == ("forms.list", 502)


@pytest.mark.parametrize("kind", ["reset", "lost", "latency", "500"])
async def test_the_fault_that_a_request_met_is_told(sandbox, kycaid, kind):
    sandbox.faults.add(Fault(kind, count=1, seconds=0 if kind == "latency" else None))
    with sandbox.watch() as watch:
        with suppress(KycaidError):
            await kycaid.applicants.create(type="PERSON")
        await kycaid.applicants.create(type="PERSON")
        events = await drain(watch)
    assert [event.fault for event in events if isinstance(event, RequestServed)] == [kind, None]
