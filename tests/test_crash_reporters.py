"""A real Sentry, with all that it sends of its own accord, gets nothing of what goes through the package."""

import asyncio
import inspect
import json
import subprocess
import sys

import pytest

from kycaid_async.tracebacks import border, confidential

# One of each kind, so that a program which broke, and reports nothing, does not pass.
EXPECTED = {
    "hangs, timeout, keywords": "TimeoutError",
    "hangs, cancel, keywords": "CancelledError",
    "hangs, failing group, keywords": "ExceptionGroup",
    "half an answer, timeout, bytes": "TimeoutError",
    "half an answer, lost, json": "ConnectionLostError",
    "no JSON, card": "DecodeError",
    "refused, large bytes": "ValidationError",
    "bulk ended, down": "ValueError",
    "blocking, interrupted": "KeyboardInterrupt",
    "nobody there": "ConnectionFailedError",
}


@pytest.fixture(scope="module")
def reports():
    command = [sys.executable, "-m", "tests.security.reporters.sentry_program"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=300)
    return json.loads(done.stdout)


def test_no_envelope_of_sentry_holds_a_mark_whatever_fails(reports):
    assert {name: report["found"] for name, report in reports.items() if report["found"]} == {}
    assert all(report["events"] for report in reports.values()), "each failure is reported"


def test_the_failures_are_those_that_were_meant(reports):
    assert {name: reports[name]["raised"] for name in EXPECTED} == EXPECTED


def frames_of(error):
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_name, trace.tb_lineno, dict(trace.tb_frame.f_locals)))
        trace = trace.tb_next
    return frames


def deep(secret):
    copy = secret * 2
    raise ValueError(f"{len(copy)} letters")


@confidential
async def call(secret):
    try:
        deep(secret)
    except ValueError as error:
        raise LookupError("it failed") from error


async def test_places_stay_in_a_traceback_and_variables_do_not():
    with pytest.raises(LookupError) as caught:
        await call("x" * 10)
    (_, _, _), wrapper, own = frames_of(caught.value)
    assert [wrapper[2], own[2]] == [{}, {}]
    assert own[:2] == ("call", call.__wrapped__.__code__.co_firstlineno + 5)
    assert [(name, variables) for name, _, variables in frames_of(caught.value.__cause__)] == [
        ("call", {}),
        ("deep", {}),
    ]


async def test_what_the_caller_was_handling_keeps_its_variables():
    try:
        mine = "variable of the caller"
        raise KeyError("of the caller")
    except KeyError as error:
        with pytest.raises(LookupError) as caught:
            await call("x")
        handled = error
    assert caught.value.__cause__.__context__ is handled
    assert frames_of(handled)[0][2]["mine"] == mine


def test_groups_and_what_hangs_on_their_members_are_bare_too():
    def fail():
        errors = []
        for text in ("one", "two"):
            try:
                deep(text)
            except ValueError as error:
                errors.append(error)
        raise ExceptionGroup("both", errors)

    with pytest.raises(ExceptionGroup) as caught, border:
        fail()
    for error in caught.value.exceptions:
        assert [variables for _, _, variables in frames_of(error)] == [{}, {}]


def test_an_exception_that_refuses_attributes_passes_as_it_is():
    class Frozen(Exception):  # noqa: N818 - one of a user
        def __setattr__(self, name, value):
            raise AttributeError(name)

    def fail(secret):
        raise Frozen(len(secret))

    with pytest.raises(Frozen) as caught, border:
        fail("secret")
    assert frames_of(caught.value)[-1][2] == {}


async def test_a_cancellation_passes_a_border_as_the_same_exception_with_its_message():
    began = asyncio.Event()

    @confidential
    async def wait(secret):
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(wait("secret"))
    await began.wait()
    task.cancel("enough")
    with pytest.raises(asyncio.CancelledError, match="enough"):
        await task
    assert (task.cancelled(), task.cancelling()) == (True, 1)


def test_every_method_of_every_section_is_a_border():
    from kycaid_async.api.section import Section
    from kycaid_async.api.sections import SECTIONS, class_of

    classes = {class_of(section) for section in SECTIONS}
    methods = {
        f"{cls.__name__}.{name}": method
        for cls in classes
        if issubclass(cls, Section)
        for name, method in vars(cls).items()
        if inspect.isfunction(method) and not name.startswith("_")
    }
    assert len(methods) > 35
    open_ones = [name for name, method in methods.items() if not hasattr(method, "__wrapped__")]
    assert open_ones == ["Verifications.report"], "which is one by itself"
    assert all(inspect.iscoroutinefunction(methods[name]) for name in methods if name not in open_ones)


async def test_a_call_that_waits_holds_no_keyword_in_any_of_its_frames(make_client):
    """What looks at running tasks, such as a debugger or a report of a hang, sees none either."""
    from tests.security.marks import Marks
    from tests.security.raw_server import RawServer, sends

    marks, server = Marks(), RawServer()
    server.behave = sends(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + marks.answer.encode(), hold=True)
    client = make_client(server.url, max_retries=0)
    png = b"\x89PNG\r\n\x1a\n" + marks.content.encode()
    for call in (
        client.applicants.create(type="PERSON", first_name=marks.name, email=marks.email, dob=marks.born),
        client.non_doc_verifications.ng_nin("12345678901"),
        client.files.create(png, filename=marks.name),
        client.files.replace("f" * 36, png, filename=marks.name),
        client.qes.verify({"who": marks.name}),
        client.documents.delete(marks.ident),
        client.addresses.delete(marks.ident),
        client.affiliated_persons.delete(marks.ident),
        client.files.delete(marks.ident),
        client.files.replace(marks.ident, png),
        client.request("POST", "/x", json={"card": marks.card}, query={"email": marks.email}),
    ):
        before = len(server.requests)
        task = asyncio.ensure_future(call)
        while len(server.requests) == before and not task.done():
            await asyncio.sleep(0)
        held, waited_for = [], call
        while hasattr(waited_for, "cr_frame") and waited_for.cr_frame is not None:
            held += [repr(value) for value in waited_for.cr_frame.f_locals.values()]
            waited_for = waited_for.cr_await
        assert len(held) > 10
        assert marks.found_in("\n".join(held)) == []
        task.cancel()
        await asyncio.wait([task])
    server.close()


WITHOUT_AIOHTTP = """
import asyncio, sentry_sdk
from sentry_sdk.integrations.aiohttp import AioHttpIntegration
from sentry_sdk.transport import Transport
from kycaid_async import AsyncKycaid, Person
from kycaid_async.testing import Sandbox

sent = []
NAME = "enaJ"[::-1]  # not as it stands in the source, which reports quote

class Memory(Transport):
    def capture_envelope(self, envelope):
        sent.append(envelope.serialize().decode())

sentry_sdk.init(
    dsn="https://key@sentry.example/1", transport=Memory, traces_sample_rate=1.0, send_default_pii=True,
    include_local_variables=False, disabled_integrations=[AioHttpIntegration()],
)

async def main():
    async with AsyncKycaid(sandbox.api_key, base_url=sandbox.url) as client:
        with sentry_sdk.start_transaction(name="t"):
            made = await client.applicants.create(Person(first_name=NAME))
            await client.applicants.get(made)
        try:
            await client.documents.get(made)
        except Exception as error:
            sentry_sdk.capture_exception(error)
    return made

with Sandbox() as sandbox:
    made = asyncio.run(main())
sentry_sdk.flush()
print(len(sent), sum(made in one or NAME in one for one in sent))
"""


def test_sentry_without_its_look_at_aiohttp_notes_no_url_with_an_id():
    """The README says so."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WITHOUT_AIOHTTP], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "2 0\n"), done.stderr
