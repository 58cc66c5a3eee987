"""What is only inferred warns once, and its path can be corrected."""

import asyncio
import warnings
from pathlib import Path

import pytest

from kycaid_async import AsyncKycaid, ConfigurationError, Evidence, UnconfirmedEndpointWarning, warning
from kycaid_async.api.catalog import ENDPOINTS
from tests.api.cases import CASES
from tests.api.examples import FORM_ID, FORM_URL, LANGUAGES
from tests.api.wire import compact

INFERRED = [name for name in CASES if ENDPOINTS[name].evidence is Evidence.INFERRED]
CERTAIN = [name for name in CASES if ENDPOINTS[name].evidence is not Evidence.INFERRED]


@pytest.fixture(autouse=True)
def nothing_warned_yet(monkeypatch):
    monkeypatch.setattr(warning, "_warned", set())


@pytest.fixture
def recorded():
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


def answered(server, name, times=1):
    for _ in range(times):
        server.answer(200, compact(CASES[name].answer))


def test_these_are_inferred():
    """And no others: the description of the API holds each declaration to its evidence."""
    assert set(INFERRED) >= {
        "crypto.check_transaction",
        "files.delete",
        "files.get",
        "languages.list",
        "non_doc_verifications.run",
        "phone_numbers.check",
        "qes.verify",
    }


@pytest.mark.parametrize("name", INFERRED)
async def test_what_is_inferred_warns_once_in_a_process(server, make_client, recorded, name):
    answered(server, name, 3)
    client = make_client(server.url)
    assert await CASES[name].call(client) == CASES[name].result
    await CASES[name].call(client)
    await CASES[name].call(make_client(server.url))
    (warning,) = recorded
    assert warning.category is UnconfirmedEndpointWarning
    assert str(warning.message).startswith(f"{name}: path and payload are inferred")
    assert "paths=" in str(warning.message)
    assert len(server.requests) == 3


async def test_each_operation_warns_for_itself(client, server, recorded):
    for name in INFERRED:
        answered(server, name)
        await CASES[name].call(client)
    assert [str(warning.message).partition(":")[0] for warning in recorded] == INFERRED


@pytest.mark.parametrize("name", INFERRED)
async def test_a_warning_points_to_the_line_that_called(client, server, name):
    answered(server, name)
    with pytest.warns(UnconfirmedEndpointWarning) as found:
        await CASES[name].call(client)
    (warning,) = found
    assert Path(warning.filename) == Path(__file__)


async def test_a_call_in_a_task_of_its_own_warns_as_well(client, server):
    answered(server, "languages.list")
    with pytest.warns(UnconfirmedEndpointWarning, match=r"languages\.list"):
        await asyncio.gather(client.languages.list())


@pytest.mark.parametrize("name", CERTAIN)
async def test_what_was_documented_or_observed_does_not_warn(client, server, recorded, name):
    answered(server, name)
    await CASES[name].call(client)
    assert recorded == []


async def test_what_is_called_by_its_path_does_not_warn(client, server, recorded):
    server.answer(200, [])
    await client.request("GET", "/languages")
    assert recorded == []


@pytest.mark.parametrize("name", INFERRED)
async def test_a_corrected_path_is_used_and_silences_the_warning(server, make_client, recorded, name):
    client = make_client(server.url, paths={name: "/v2" + ENDPOINTS[name].path})
    answered(server, name)
    assert await CASES[name].call(client) == CASES[name].result
    method, path = CASES[name].sends
    assert [(r.method, r.path) for r in server.requests] == [(method, "/v2" + path)]
    assert recorded == []


async def test_a_corrected_path_is_that_of_one_operation(server, make_client):
    client = make_client(server.url, paths={"languages.list": "/v2/languages"})
    server.answer(200, LANGUAGES)
    server.answer(200, LANGUAGES)
    server.answer(200, [])
    await client.languages.list()
    await client.with_options(max_retries=0).languages.list()
    await client.countries.list()
    assert [r.path for r in server.requests] == ["/v2/languages", "/v2/languages", "/countries"]


async def test_ids_may_stand_elsewhere_in_a_corrected_path(server, make_client):
    client = make_client(server.url, paths={"forms.create_url": "/urls/{form_id}/of-form"})
    server.answer(200, FORM_URL)
    await client.forms.create_url(FORM_ID)
    assert server.requests[0].path == f"/urls/{FORM_ID}/of-form"


@pytest.mark.parametrize("name", ["languages", "languages.lst", "verifications.wait", "request", ""])
def test_a_path_for_an_unknown_operation_is_refused(name):
    with pytest.raises(ConfigurationError, match="there is no operation"):
        AsyncKycaid("key", paths={name: "/x"})


UNFIT = {
    "no slash": ("languages.list", "languages"),
    "nothing": ("languages.list", ""),
    "another host": ("languages.list", "//evil.example/languages"),
    "a whole URL": ("languages.list", "https://evil.example/languages"),
    "a query": ("languages.list", "/languages?a=b"),
    "a fragment": ("languages.list", "/languages#a"),
    "a space": ("languages.list", "/lang uages"),
    "a line break": ("languages.list", "/languages\r\nX: y"),
    "a control character": ("languages.list", "/languages\x00"),
    "a letter beyond ASCII": ("languages.list", "/sprachen/größe"),
    "a backslash": ("languages.list", "/\\evil.example"),
    "a hole too many": ("languages.list", "/languages/{language_code}"),
    "a hole too few": ("forms.create_url", "/forms/urls"),
    "another hole": ("forms.create_url", "/forms/{id}/urls"),
    "no template": ("languages.list", None),
    "bytes": ("languages.list", b"/languages"),
}


@pytest.mark.parametrize(("name", "path"), UNFIT.values(), ids=UNFIT)
def test_a_template_that_does_not_fit_is_refused(name, path):
    with pytest.raises(ConfigurationError, match=f"paths: {name} needs a path"):
        AsyncKycaid("key", paths={name: path})
