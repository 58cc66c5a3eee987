"""Whatever ends a call, its exception has no key, no body and nothing personal, nor has what hangs on it."""

import asyncio
import contextlib
import random

from kycaid_async import AsyncKycaid, CreditCard, Person
from tests.security.marks import Marks
from tests.security.outcome import Outcome
from tests.security.raw_server import RawServer, answers, resets, sends

NAME = "Keys, bodies and personal data in exceptions, whatever fails"
M = Marks()
ID = "a" * 36
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 16
CALLS = {
    "keywords": lambda c: c.applicants.create(type="PERSON", first_name=M.name, dob=M.born, email=M.email),
    "wrong keywords": lambda c: c.applicants.create(type="PERSON", nonsense=M.name),
    "model": lambda c: c.applicants.create(Person(first_name=M.name, email=M.email)),
    "card": lambda c: c.documents.create(CreditCard(applicant_id=ID, card_number=M.card, document_number=M.number)),
    "bad card": lambda c: c.documents.create(CreditCard(applicant_id=M.number, card_number=M.name)),
    "json": lambda c: c.request("POST", "/x", json={"who": M.name}, query={"card": M.card}),
    "bytes": lambda c: c.files.create(PNG + M.content.encode(), filename=M.name),
    "many bytes": lambda c: c.files.create(PNG + M.content.encode() * 200_000),
    "iterator": lambda c: c.files.create(_chunks, size=1 << 20),
    "get": lambda c: c.documents.get(ID),
}


async def _chunks():
    yield PNG + M.content.encode() * 1000
    await asyncio.sleep(0)
    raise ValueError(len(M.content))


async def attack(chance: random.Random, cases: int) -> Outcome:
    outcome, server = Outcome(), RawServer()
    async with AsyncKycaid(M.key, base_url=server.url, max_retries=0) as client:
        for _ in range(cases):
            behaviour, call = chance.choice(tuple(BEHAVIOURS)), chance.choice(tuple(CALLS))
            server.behave = BEHAVIOURS[behaviour]()
            task = asyncio.ensure_future(CALLS[call](client))
            if behaviour == "holds on" or chance.random() < 0.3:
                await _some_turns(task, chance)
                task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
            error = None
            try:
                error = task.exception()
            except asyncio.CancelledError as cancelled:
                error = cancelled
            found = [] if error is None else M.found_in(_all_of(error))
            outcome.count(not found, f"{call}, {behaviour}: {type(error).__name__} shows {found}")
    server.close()
    return outcome


async def _some_turns(task, chance: random.Random) -> None:
    for _ in range(chance.randrange(60)):
        await asyncio.sleep(0)
        if task.done():
            return


def _half() -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + f'{{"first_name": "{M.answer}"'.encode()


BEHAVIOURS = {
    "holds on": lambda: sends(_half(), hold=True),
    "breaks off": lambda: sends(_half()),
    "resets": lambda: resets,
    "no JSON": lambda: answers(200, M.answer),
    "refuses": lambda: answers(
        422, f'{{"type": "validation", "errors": [{{"parameter": "dob", "message": "{M.answer}"}}]}}'
    ),
    "fails": lambda: answers(500, f"<html>{M.answer}</html>"),
    "no HTTP": lambda: sends(M.answer.encode() + b"\r\n\r\n"),
}


def _all_of(error: BaseException) -> str:
    """Return all texts and variables of an exception and of what hangs on it."""
    texts, seen, waiting = [], set(), [error]
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        texts.append(f"{one} {one!r} {one.args}")
        trace = one.__traceback__
        while trace is not None:
            if "/attacks/" not in trace.tb_frame.f_code.co_filename or trace.tb_frame.f_code.co_name == "_chunks":
                texts += map(repr, trace.tb_frame.f_locals.values())
            trace = trace.tb_next
        waiting += [one.__cause__, one.__context__, *getattr(one, "exceptions", ())]
    return "\n".join(texts)
