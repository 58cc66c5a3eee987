from datetime import date

import pytest

from kycaid_async import InvalidRequestError, MatchType, NgNinResult, UsEidvRequest, UsEidvResult, unstructure
from kycaid_async.api import non_doc_verifications
from kycaid_async.protocol.request import build
from tests.api.examples import NG_NIN, NG_NIN_RESULT, US_EIDV, US_EIDV_RESULT
from tests.api.wire import compact

EVERY_FIELD = {
    **US_EIDV,
    "middle_name": None,
    "address": "1 High Street",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "00000",
    "phone": "+10000000000",
    "email": "jane@example.com",
    "ssn": "000000000",
    "drivers_license": "S0000000",
}


@pytest.mark.parametrize("form", ["class", "keywords"])
@pytest.mark.parametrize("example", [US_EIDV, EVERY_FIELD], ids=["documented", "of the one client"])
@pytest.mark.parametrize("wrap", [lambda data: data, lambda data: {"data": data}])
async def test_a_person_is_compared_with_records_of_the_united_states(client, server, form, example, wrap):
    server.answer(200, wrap(US_EIDV_RESULT))
    call = client.non_doc_verifications.us_eidv
    found = await (call(UsEidvRequest(**example)) if form == "class" else call(**example))
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/us/eidv", {})
    assert request.body == compact(example)
    assert type(found) is UsEidvResult
    for name, value in US_EIDV_RESULT.items():
        assert getattr(found, name) == value
    assert found.name_match_type is MatchType.MATCH
    assert compact(unstructure(found)) == compact(US_EIDV_RESULT)


async def test_a_number_is_looked_up_in_nigeria(client, server):
    """``validation`` and ``data`` stand side by side in the answer, so it is not a wrapped one."""
    server.answer(200, NG_NIN_RESULT)
    found = await client.non_doc_verifications.ng_nin("00000000000")
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/ng/nin", {})
    assert request.body == compact(NG_NIN)
    assert type(found) is NgNinResult
    assert found.validation.valid is True
    spelled_otherwise = {"dob": date(1976, 2, 21)}
    for name, value in NG_NIN_RESULT["data"].items():
        if name != "address":
            assert getattr(found.data, name) == spelled_otherwise.get(name, value)
    address = found.data.address
    assert (address.country, address.state, address.district) == ("NG", "Lagos", "Ikeja")
    assert compact(unstructure(found)) == compact(NG_NIN_RESULT)


@pytest.mark.parametrize("answer", [{"validation": {"valid": False}, "data": None}, {"validation": {"valid": "false"}}])
async def test_a_number_may_not_exist(client, server, answer):
    server.answer(200, answer)
    found = await client.non_doc_verifications.ng_nin("00000000000")
    assert (found.validation.valid, found.data) == (False, None)


@pytest.mark.parametrize("code", ["BR", "br", "Br"])
async def test_any_service_of_a_country_is_called_with_a_free_body(client, server, code):
    server.answer(200, {"data": [1, None]})
    found = await client.non_doc_verifications.run(code, "cpf", {"number": "ä", "none": None})
    (request,) = server.requests
    assert (request.method, request.path, request.query) == ("POST", "/services/br/cpf", {})
    assert request.body == compact({"number": "ä", "none": None})
    assert found == {"data": [1, None]}


@pytest.mark.parametrize(
    ("service", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("../../applicants", "..%2F..%2Fapplicants"),
        ("%2e%2e", "%252e%252e"),
        ("a?b=c", "a%3Fb%3Dc"),
        ("a#b", "a%23b"),
        ("a b", "a%20b"),
        ("a\\..\\b", "a%5C..%5Cb"),
        ("a\r\nX: y", "a%0D%0AX%3A%20y"),
        ("ä", "%C3%A4"),
    ],
)
def test_the_name_of_a_service_cannot_leave_its_segment(service, segment):
    built = build(non_doc_verifications.RUN, path={"country_code": "br", "service": service}, body={})
    assert built.target == f"/services/br/{segment}"


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("service", ["", ".", "..", "\ud800", None, 5])
async def test_a_name_that_no_segment_can_be_is_refused(client, server, service, check):
    with pytest.raises(InvalidRequestError) as caught:
        await client.with_options(check=check).non_doc_verifications.run("br", service, {})
    assert caught.value.field == "service"
    assert server.requests == []


@pytest.mark.parametrize(
    "code", ["", "b", "bra", "b1", "b/", "..", "b ", "Ñü", "\u0130", "\u0431\u0440", None, 55, ["br"]]
)
async def test_a_country_code_is_two_letters(client, server, code):
    with pytest.raises(InvalidRequestError) as caught:
        await client.non_doc_verifications.run(code, "cpf", {})
    assert caught.value.field == "country_code"
    assert server.requests == []


async def test_what_is_not_known_yet_is_reached_by_its_path_as_well(client, server):
    server.answer(200, {"ok": True})
    assert await client.request("POST", "/services/br/cpf", json={"number": "0"}) == {"ok": True}
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/services/br/cpf", b'{"number":"0"}')


MISUSE = {
    "a short number": (lambda n: n.ng_nin("0" * 10), "nin_number"),
    "letters": (lambda n: n.ng_nin("0000000000x"), "nin_number"),
    "digits of another script": (lambda n: n.ng_nin("\u0663" * 11), "nin_number"),
    "a number that is no text": (lambda n: n.ng_nin(12345678901), "nin_number"),
    "no number": (lambda n: n.ng_nin(None), "nin_number"),
    "a misspelt keyword": (lambda n: n.us_eidv(frst_name="Jane"), "frst_name"),
    "a date that is none": (lambda n: n.us_eidv(dob="21.02.1976"), "dob"),
    "a model and keywords": (lambda n: n.us_eidv(UsEidvRequest(first_name="Jane"), ssn="0"), "ssn"),
    "a dictionary": (lambda n: n.us_eidv(US_EIDV), "the argument"),
    "what JSON cannot carry": (lambda n: n.run("br", "cpf", {"a": object()}), "a"),
}


@pytest.mark.parametrize(("call", "field"), MISUSE.values(), ids=MISUSE)
async def test_misuse_is_refused_by_name_and_nothing_is_sent(client, server, call, field):
    server.answer(200, {})
    with pytest.raises(InvalidRequestError) as caught:
        await call(client.non_doc_verifications)
    assert server.requests == []
    assert caught.value.field == field
