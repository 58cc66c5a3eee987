"""Options of a wrong kind are refused where they are given: by their name, and without their value."""

import asyncio
import contextlib
import functools
import ssl
from decimal import Decimal

import pytest
from aiohttp import web

from kycaid_async import AsyncKycaid, ConfigurationError, Hooks, Kycaid, Timeout, testing
from kycaid_async.bulk.audit.run import AuditPlan
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.results.run import ResultsPlan
from kycaid_async.bulk.upload import UploadPlan
from kycaid_async.bulk.verify.run import VerifyPlan
from kycaid_async.callbacks import Deduplicator, MemorySeenStore
from kycaid_async.sandbox import Sandbox
from kycaid_async.web import aiohttp as web_aiohttp
from kycaid_async.web import starlette as web_starlette
from tests.conftest import API_KEY

SECRET = "s3cret-that-nobody-may-see"

TEXTS = {"text": SECRET, "number as text": "10", "empty text": ""}
BYTES = {"bytes": SECRET.encode()}
NUMBERS = {"zero": 0, "five": 5, "a half": 0.5, "negative": -1}
ODD_NUMBERS = {"nan": float("nan"), "decimal": Decimal(10), "true": True, "false": False}
OBJECTS = {"list": [SECRET], "tuple": (3, 10), "mapping": {SECRET: 5}, "object": object(), "class": int}
ALL = TEXTS | BYTES | NUMBERS | ODD_NUMBERS | OBJECTS | {"none": None, "function": len}

TRUE_OR_FALSE = {"true", "false"}
POSITIVE = {"five", "a half"}
CLIENT = {
    "base_url": {"none"},
    "timeout": {*POSITIVE, "none"},
    "max_retries": {"zero", "five"},
    "max_connections": {"five"},
    "max_file_size": {"five", "none"},
    "check": TRUE_OR_FALSE,
    "auth_header": set(),
    "paths": {"none"},
    "proxy": {"none"},
    "trust_env": TRUE_OR_FALSE,
    "allow_http": {"none", "text", "number as text", "empty text", "list"},
    "ssl_context": {"none"},
    "hooks": {"none"},
}
"""By option, what is taken; all else is refused."""
WITH_OPTIONS = {
    "timeout": CLIENT["timeout"],
    "max_retries": {*CLIENT["max_retries"], "none"},
    "check": {*TRUE_OR_FALSE, "none"},
    "hooks": {"none"},
}
SANDBOX = {
    "api_key": {"text", "number as text"},  # as short as one likes on this machine
    "host": {"text", "number as text"},
    "port": {"zero", "five"},
    "data": {"text", "number as text", "empty text", "none"},
    "review": set(),
    "review_after": {"zero", *POSITIVE},
    "rules": set(),
    "refused_countries": set(),
    "strict": TRUE_OR_FALSE,
    "balance": {"zero", *POSITIVE, "none"},
    "attempts": {"five", "none"},
    "applicants_per_minute": {"five", "none"},
    "max_file_size": {"five"},
    "callback_url": {"none"},
    "clock": {"function", "class"},
    "sleep": {"function", "class"},
    "seed": {"zero", "five", "negative"},
}
RUN = {
    "concurrency": {"five", "none"},
    "give_up_after": {"zero", *POSITIVE},
    "settle_after": {"zero", *POSITIVE, "none"},
    "same_account": TRUE_OR_FALSE,
    "ledger": {"text", "number as text"},
    "ledger_secret_key": {"text", "number as text", "empty text", "none"},
}
PATHS = {"text", "number as text", "none"}
READING = {
    "outside": {"list"},
    "columns": {"none"},
    "date_format": {"none"},
    "encoding": {"none"},
    "sheet": {"text", "number as text", "empty text", "none"},
    "transliterate": TRUE_OR_FALSE,
    "allow_same_files": TRUE_OR_FALSE,
    "convert": {"none"},
    "urls": {"none"},
}
UPLOAD = RUN | READING | {"applicants_at_once": {"five"}, "engine": {"none"}}
VERIFY = RUN | {
    "partial": TRUE_OR_FALSE,
    "limit": {"five", "none"},
    "dry_run": TRUE_OR_FALSE,
    "callback_url": {"text", "number as text", "empty text", "none"},
    "types": {"list", "none"},
}
RESULTS = RUN | {"wait": {"zero", *POSITIVE, "none"}, "per_document": TRUE_OR_FALSE, "fresh": TRUE_OR_FALSE}
TIMEOUT = {name: {*POSITIVE, "none"} for name in ("connect", "read", "progress", "total")}
HOOKS = {name: {"none", "function", "class"} for name in ("on_call", "on_attempt", "on_retry", "on_result", "on_row")}
DEDUPLICATOR = {"store": set(), "lease": POSITIVE}
MEMORY = {"max_size": {"five"}, "ttl": POSITIVE, "clock": {"function", "class"}}
ROUTE = {
    "path": set(),
    "deduplicator": {"none"},
    "max_body": {"five"},
    "handler": {"function", "class"},
    "keys": {"text", "number as text", "list"},
}


def with_options(kind, **options):
    return kind(API_KEY).with_options(**options)


def route(function, *, handler=len, keys=API_KEY, **options):
    return function(handler, keys, **options)


def run_of(plan, **options):
    return plan(**{"ledger": "people.ledger"} | options)


MAKERS = [
    (functools.partial(run_of, UploadPlan), UPLOAD | {"ledger": {*RUN["ledger"], "none"}}),
    (functools.partial(UploadPlan, ledger="postgresql+psycopg://db/kyc"), {"ledger_lease": {"five", "none"}}),
    (ManifestOptions, READING),
    (functools.partial(run_of, VerifyPlan), VERIFY),
    (functools.partial(run_of, ResultsPlan), RESULTS),
    (functools.partial(run_of, AuditPlan), RUN | {"fresh": TRUE_OR_FALSE, "state": PATHS}),
    (functools.partial(AsyncKycaid, API_KEY), CLIENT),
    (functools.partial(Kycaid, API_KEY), CLIENT),
    (functools.partial(with_options, AsyncKycaid), WITH_OPTIONS),
    (functools.partial(with_options, Kycaid), WITH_OPTIONS),
    (Timeout, TIMEOUT),
    (Hooks, HOOKS),
    (functools.partial(Sandbox), SANDBOX),
    (functools.partial(testing.Sandbox), SANDBOX),
    (Deduplicator, DEDUPLICATOR),
    (MemorySeenStore, MEMORY),
    (functools.partial(route, web_starlette.callback_route), ROUTE),
    (functools.partial(route, web_aiohttp.callback_route), ROUTE),
]
ELSEWHERE = {
    "host": {"text", "number as text"},
    "allow_http": {"list", "mapping"},
    "ledger_lease": {"a half"},
    **dict.fromkeys(("ledger", "state"), {"empty text": ""}.keys()),
    **dict.fromkeys(("path", "encoding", "date_format", "base_url", "proxy", "callback_url"), TEXTS.keys()),
    **dict.fromkeys(("paths", "hooks", "rules", "refused_countries"), {"mapping": 1, "list": 1, "tuple": 1}.keys()),
}
"""By option, what other rules are about."""


def complaint(make, name, kind):
    """Return what is said of a value; None when it is taken."""
    try:
        make(**{name: ALL[kind]})
    except ConfigurationError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    ("make", "name", "taken"),
    [
        pytest.param(make, name, taken, id=f"{number}-{name}")
        for number, (make, options) in enumerate(MAKERS)
        for name, taken in options.items()
    ],
)
def test_an_option_takes_values_of_its_kind_and_no_others(make, name, taken):
    said = {kind: complaint(make, name, kind) for kind in ALL.keys() - ELSEWHERE.get(name, set())}
    assert {kind for kind, text in said.items() if text is None} == taken - set(ELSEWHERE.get(name, ()))
    for text in filter(None, said.values()):
        assert name in text
        assert SECRET not in text
        assert len(text.splitlines()) == 1


@pytest.mark.parametrize("make", [AsyncKycaid, Kycaid])
@pytest.mark.parametrize("kind", sorted(ALL.keys() - {"text", "number as text", "none", "empty text"}))
def test_a_key_is_text_and_nothing_else_and_never_shown(make, kind, monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)
    with pytest.raises(ConfigurationError, match=r"^api_key: expected text") as caught:
        make(ALL[kind])
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("session", ["text", 5, object(), ssl.create_default_context()])
def test_a_session_is_one_of_aiohttp(session):
    with pytest.raises(ConfigurationError, match=r"^session: expected an aiohttp\.ClientSession"):
        AsyncKycaid(API_KEY, session=session)


@pytest.mark.parametrize("hosts", [[5], [b"kycaid"], ["kycaid", None]])
def test_hosts_without_tls_are_named(hosts):
    with pytest.raises(ConfigurationError, match=r"^allow_http: a name: expected text"):
        AsyncKycaid(API_KEY, allow_http=hosts)


@pytest.mark.parametrize("countries", ["IR", ["Iran"], [5]])
def test_refused_countries_are_a_list_of_two_letters_each(countries):
    with pytest.raises(ConfigurationError, match=r"^refused_countries: expected a list"):
        Sandbox(refused_countries=countries)


def test_a_time_limit_without_end_is_none():
    assert Timeout(read=float("inf")).read is None
    assert Timeout.of(float("inf")).total is None


def test_a_client_for_an_application_is_an_asynchronous_one(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)

    async def start(context):
        async with contextlib.asynccontextmanager(context)(web.Application(), Kycaid()):
            pass

    with pytest.raises(ConfigurationError, match="client: expected an AsyncKycaid"):
        asyncio.run(start(web_aiohttp.kycaid_context))
