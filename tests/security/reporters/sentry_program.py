"""Every kind of failure under a real Sentry; prints which marks its envelopes hold, as JSON. A program of its own.

Sentry changes aiohttp, threads and logging for the whole process, so that no other test may run in it.
"""

import asyncio
import json
import logging
import os
import signal
import sys
import tempfile
import threading
from functools import partial
from pathlib import Path

import aiohttp
import anyio
import sentry_sdk
from sentry_sdk.transport import Transport

from kycaid_async import AsyncKycaid, BulkRow, CreditCard, Kycaid, Person
from kycaid_async.callbacks import construct_event, sign
from tests.security.marks import Marks
from tests.security.raw_server import RawServer, answers, resets, sends
from tests.security.reporters.sentry_options import report_everything

M = Marks()
ID = "a" * 36
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 32
LARGE = 3 << 20
ENVELOPES = []


class Memory(Transport):
    def capture_envelope(self, envelope):
        ENVELOPES.append(envelope.serialize().decode(errors="replace"))


def content():
    return PNG + M.content.encode() * 10


def large():
    return PNG + M.content.encode() * (LARGE // len(M.content))


async def broken_chunks():
    yield content()
    sentry_sdk.capture_message("from within an iterator of the user")
    raise ValueError("no more")


async def slow_chunks():
    yield large()[: LARGE // 2]
    sentry_sdk.capture_message("from within an iterator of the user")
    await asyncio.sleep(30)


ASYNC_CALLS = {
    "keywords": lambda c: c.applicants.create(
        type="PERSON", first_name=M.name, last_name=M.surname, dob=M.born, email=M.email
    ),
    "model": lambda c: c.applicants.create(Person(first_name=M.name, last_name=M.surname, dob=M.born, email=M.email)),
    "card": lambda c: c.documents.create(CreditCard(applicant_id=ID, card_number=M.card, document_number=M.number)),
    "update": lambda c: c.documents.update(ID, document_number=M.number, card_number=M.card),
    "positional": lambda c: c.phone_numbers.check(M.number),
    "mapping": lambda c: c.qes.verify({"who": M.name, "deep": {"card": M.card}}),
    "json": lambda c: c.request("POST", "/services/x", json={"who": M.name, "card": [M.card]}),
    "bytes": lambda c: c.files.create(content(), filename=M.name + ".png"),
    "large bytes": lambda c: c.files.create(large()),
    "replace": lambda c: c.files.replace(ID, large(), filename=M.name),
    "path": lambda c: c.files.create(path()),
    "factory": lambda c: c.files.create(slow_chunks, size=LARGE),
    "read": lambda c: c.documents.get(ID),
}
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"


def half():
    return HALF + json.dumps({"first_name": M.answer, "comment": M.answer * 20}).encode()[:-3]


def refusal(status):
    errors = [{"parameter": f"{M.answer} is", "message": M.answer}, {"parameter": "dob", "message": M.answer}]
    return answers(status, json.dumps({"type": "validation", "errors": errors}))


SERVERS = {
    "hangs": lambda: sends(b"", hold=True),
    "half an answer": lambda: sends(half(), hold=True),
    "half an answer, lost": lambda: sends(half()),
    "lost": lambda: resets,
    "no JSON": lambda: answers(200, M.answer),
    "another type": lambda: answers(200, json.dumps([M.answer])),
    "refused": lambda: refusal(422),
    "unauthorized": lambda: refusal(401),
    "down": lambda: refusal(500),
    "no HTTP": lambda: sends(M.answer.encode() + b"\r\n\r\n"),
}
HANGING = ("hangs", "half an answer")


def path():
    folder = Path(tempfile.gettempdir()) / M.folder
    folder.mkdir(exist_ok=True)
    (folder / "scan.png").write_bytes(content())
    return folder / "scan.png"


async def by_timeout(call):
    async with asyncio.timeout(0.15):
        await call()


async def by_wait_for(call):
    await asyncio.wait_for(call(), 0.15)


async def by_cancel(call):
    task = asyncio.ensure_future(call())
    await asyncio.sleep(0.15)
    task.cancel("stop")
    await task


async def by_group(call):
    async with asyncio.timeout(0.15), asyncio.TaskGroup() as group:
        group.create_task(call())
        group.create_task(call())


async def by_failing_group(call):
    async with asyncio.TaskGroup() as group:
        group.create_task(call())
        await asyncio.sleep(0.1)
        raise LookupError("another task failed")


async def by_scope(call):
    with anyio.fail_after(0.15):
        await call()


async def within_handler(call):
    try:
        raise LookupError("of the user")
    except LookupError:
        async with asyncio.timeout(0.15):
            await call()


ENDS = {
    "timeout": by_timeout,
    "wait_for": by_wait_for,
    "cancel": by_cancel,
    "group": by_group,
    "failing group": by_failing_group,
    "anyio": by_scope,
    "in a handler": within_handler,
}


async def reported(act):
    """Carry ``act`` out as a user's program does, which reports what it raises, in each way there is."""
    with sentry_sdk.start_transaction(name="job"):
        try:
            await act()
        except BaseException as error:
            sentry_sdk.capture_exception(error)
            logging.getLogger("user").exception("it failed")
            return type(error).__name__
    return "nothing"


async def failing(server, call, end):
    async with AsyncKycaid(M.key, base_url=server.url, max_retries=0) as client:
        return await reported(lambda: end(lambda: call(client)))


async def straight(call):
    async with asyncio.timeout(20):
        await call()


async def misuse(client_of):
    async with client_of() as client:
        for act in (
            lambda: client.applicants.create(type="PERSON", frst_name=M.name),
            lambda: client.applicants.create(Person(first_name=M.name * 30, email=M.name)),
            lambda: client.applicants.create(Person(first_name=M.name), first_name=M.name),
            lambda: client.documents.create(applicant_id=ID, card_number=M.card, nonsense=M.number),
            lambda: client.documents.get(M.number),
            lambda: client.request("POST", "/x", json={"a": {M.name}}),
            lambda: client.request("POST", "/../" + M.name),
            lambda: client.files.create(M.content.encode(), filename=M.name),
            lambda: client.files.create(path().with_name("none.png")),
            lambda: client.files.create(broken_chunks, size=LARGE),
            lambda: client.verifications.report(M.name).__anext__(),
            client.documents.get,
        ):
            await reported(act)


async def rows():
    for _ in range(3):
        yield BulkRow(document={"type": "PASSPORT", "document_number": M.number}, applicant_id=ID, front_side=content())
    sentry_sdk.capture_message("from within the rows")
    raise ValueError("the rows end")


async def bulk(server, act):
    async with AsyncKycaid(M.key, base_url=server.url, max_retries=0) as client:
        return await reported(lambda: act(client))


async def bulk_ended(client):
    results, _ = await client.bulk.upload_all(rows(), give_up_after=0.1)
    for result in results:
        logging.getLogger("user").error("row", exc_info=result.error)


async def bulk_left(client):
    async with asyncio.timeout(0.5):
        async for result in client.bulk.upload(rows()):
            logging.getLogger("user").error("row", exc_info=result.error)


async def hooks(server):
    """A tracer of the user that looks on, and one that fails."""
    for fails in (False, True):

        async def look_on(*_, fails=fails):
            sentry_sdk.capture_message("from within a tracer")
            if fails:
                raise ValueError("the tracer fails")

        config = aiohttp.TraceConfig()
        config.on_request_start.append(look_on)
        config.on_request_end.append(look_on)
        config.on_response_chunk_received.append(look_on)
        async with aiohttp.ClientSession(trace_configs=[config]) as session:
            client = AsyncKycaid(M.key, base_url=server.url, max_retries=0, session=session)
            for name in ("keywords", "bytes", "json"):
                await reported(partial(ASYNC_CALLS[name], client))


def callback():
    data = {"type": "VERIFICATION_COMPLETED", "comment": M.answer, "applicant": {"first_name": M.name}}
    return json.dumps(data).encode()


def callbacks():
    for act in (
        lambda: construct_event(callback(), "0" * 128, M.key),
        lambda: construct_event(callback(), None, [M.key, M.secret]),
        lambda: construct_event(callback()[:-5], sign(callback()[:-5], M.key), M.key),
        lambda: construct_event(callback().decode(), "0" * 128, M.key),
        lambda: construct_event(callback() * 100, "0" * 128, M.key, max_body=10),
        lambda: construct_event(b"[" + callback() + b"]", sign(b"[" + callback() + b"]", M.key), M.key),
        lambda: construct_event(callback(), "0" * 128, M.key + "\n"),
        lambda: AsyncKycaid(M.key + " "),
        lambda: Kycaid(M.key + " "),
        lambda: AsyncKycaid(M.key, base_url="http://" + M.secret + "@x.example"),
    ):
        report_sync(act)


def report_sync(act):
    try:
        act()
    except BaseException as error:
        sentry_sdk.capture_exception(error)
        logging.getLogger("user").exception("it failed")
        return type(error).__name__
    return "nothing"


def sync_interrupted(server):
    client = Kycaid(M.key, base_url=server.url, max_retries=0)
    before = len(server.requests)

    def interrupt():
        server.wait_for_request(before + 1)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt).start()
    name = report_sync(lambda: client.applicants.create(type="PERSON", first_name=M.name, email=M.email))
    client.close()
    return name


def sync_calls(server):
    with Kycaid(M.key, base_url=server.url, max_retries=0, timeout=0.15) as client:
        for name, call in ASYNC_CALLS.items():
            if name != "factory":
                report_sync(lambda call=call: call(client))
        report_sync(lambda: client.applicants.create(type="PERSON", frst_name=M.name))
        report_sync(lambda: next(iter(client.verifications.report(M.name))))
        report_sync(lambda: client.files.create(sync_chunks, size=LARGE))
        report_sync(lambda: client.bulk.upload_all(sync_rows(), give_up_after=0.1))


def sync_chunks():
    yield content()
    sentry_sdk.capture_message("from within an iterator of the user")
    raise ValueError("no more")


def sync_rows():
    yield BulkRow(document={"type": "PASSPORT", "document_number": M.number}, applicant_id=ID, front_side=content())
    raise ValueError("the rows end")


RESULTS = {}


def take(name, raised):
    """Keep what Sentry was sent since the last time."""
    sentry_sdk.flush()
    found = sorted({mark for envelope in ENVELOPES for mark in M.found_in(envelope)})
    RESULTS[name] = {"raised": raised, "events": len(ENVELOPES), "found": found}
    if found and "--show" in sys.argv:
        for envelope in ENVELOPES:
            for mark in M.found_in(envelope):
                at = envelope.index(getattr(M, mark))
                print(name, mark, "…", envelope[max(0, at - 300) : at + 60], file=sys.stderr)
    ENVELOPES.clear()


def ended_from_outside(server):
    for way in HANGING:
        server.behave = SERVERS[way]()
        for end_name, end in ENDS.items():
            calls = ASYNC_CALLS if end_name == "timeout" else {"keywords": ASYNC_CALLS["keywords"]}
            for call_name, call in calls.items():
                take(f"{way}, {end_name}, {call_name}", asyncio.run(failing(server, call, end)))


def ended_by_the_server(server):
    for way, behave in SERVERS.items():
        if way not in HANGING:
            server.behave = behave()
            for call_name in ("keywords", "card", "json", "bytes", "large bytes", "path", "read"):
                take(f"{way}, {call_name}", asyncio.run(failing(server, ASYNC_CALLS[call_name], straight)))


def many_and_blocking(server):
    for way in ("down", "half an answer", "refused"):
        server.behave = SERVERS[way]()
        take(f"bulk ended, {way}", asyncio.run(bulk(server, bulk_ended)))
        take(f"bulk left, {way}", asyncio.run(bulk(server, bulk_left)))
        take(f"blocking, {way}", sync_calls(server))
    server.behave = SERVERS["half an answer"]()
    take("blocking, interrupted", sync_interrupted(server))


def main():
    report_everything(Memory)
    for name in ("kycaid_async", "asyncio"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    server = RawServer()
    ended_from_outside(server)
    ended_by_the_server(server)
    server.behave = answers(200, json.dumps({"applicant_id": ID, "file_id": ID}))
    take("misuse", asyncio.run(misuse(lambda: AsyncKycaid(M.key, base_url=server.url))))
    take("tracers", asyncio.run(hooks(server)))
    take("callbacks", callbacks())
    many_and_blocking(server)
    server.close()
    take("nobody there", asyncio.run(failing(server, ASYNC_CALLS["keywords"], straight)))
    print(json.dumps(RESULTS))


if __name__ == "__main__":
    main()
