import importlib
import pkgutil
import re
import sys

import pytest

from kycaid_async import Document, Endpoint, Evidence, Replay, api
from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.sections import SECTIONS
from kycaid_async.protocol.endpoint import ReturnsData, ReturnsId, ReturnsJson, ReturnsList, ReturnsModel
from kycaid_async.values.mismatch import Mismatch

ALL = pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=ENDPOINTS)


@pytest.mark.parametrize(
    ("replay", "orphans_only", "replayable"),
    [
        (Replay.SAFE, False, True),
        (Replay.IDEMPOTENT, False, True),
        (Replay.DUPLICATES, False, False),
        (Replay.DUPLICATES, True, True),
        (Replay.BILLED, False, False),
    ],
)
def test_only_what_does_no_harm_may_be_sent_twice(replay, orphans_only, replayable):
    endpoint = Endpoint(
        name="x.y",
        method="POST",
        path="/x",
        returns=ReturnsJson(),
        replay=replay,
        evidence=Evidence.INFERRED,
        orphans_only=orphans_only,
    )
    assert endpoint.replayable is replayable


@pytest.mark.parametrize("data", [None, [], "x", 5, {}, {"document_id": None}, {"document_id": ""}, {"document_id": 5}])
def test_an_answer_without_its_id_is_a_mismatch(data):
    with pytest.raises(Mismatch):
        ReturnsId("document_id").read(data)


@pytest.mark.parametrize(
    ("made", "got"),
    [
        ("", "an empty text"),
        (None, "null"),
        (5, "a number"),
        ("\ud800", "text that is no Unicode, or has NUL in it"),
        ("d\0", "text that is no Unicode, or has NUL in it"),
    ],
)
def test_what_came_in_place_of_an_id_is_told(made, got):
    for optional in [False, True] if made else [False]:
        with pytest.raises(Mismatch) as told:
            ReturnsId("file_id", optional=optional).read({"file_id": made})
        assert str(told.value) == f"expected text in 'file_id', got {got}"


def test_an_id_is_taken_as_it_comes():
    """One of the vendor's own examples has 37 characters."""
    assert ReturnsId("document_id").read({"document_id": "x" * 37, "more": 1}) == "x" * 37


@pytest.mark.parametrize("data", [None, [], "x", 5, {}, {"document_id": None}, {"document_id": ""}, {"more": 1}])
def test_an_id_that_is_optional_may_be_missing(data):
    assert ReturnsId("document_id", optional=True).read(data) == ""


def test_an_optional_id_that_is_there_is_taken():
    assert ReturnsId("document_id", optional=True).read({"document_id": "x"}) == "x"


@pytest.mark.parametrize("odd", [5, ["x"], {"id": "x"}, True])
def test_an_optional_id_of_another_type_is_a_mismatch_all_the_same(odd):
    with pytest.raises(Mismatch):
        ReturnsId("document_id", optional=True).read({"document_id": odd})


def test_the_id_is_optional_where_the_caller_has_it_already():
    optional = {e.name for e in ENDPOINTS.values() if isinstance(e.returns, ReturnsId) and e.returns.optional}
    assert optional == {e.name for e in ENDPOINTS.values() if e.method == "DELETE"} | {"files.replace"}


@pytest.mark.parametrize(
    "wrap", [lambda data: data, lambda data: {"data": data}, lambda data: {"status": "ok", "data": data}]
)
def test_a_model_is_read_from_an_object_bare_or_wrapped(wrap):
    assert ReturnsModel(Document).read(wrap({"document_id": "x"})) == Document(document_id="x")


@pytest.mark.parametrize(
    "data",
    [
        {"data": {"document_id": "x"}, "document_id": "y"},
        {"status": "ok", "data": {"document_id": "x"}, "total": 1},
        {"status": "ok", "data": [{"document_id": "x"}]},
        {"status": "ok", "data": None},
        {"status": "ok"},
    ],
)
def test_an_object_with_more_than_a_wrapper_has_is_read_as_it_stands(data):
    made = ReturnsModel(Document).read(data)
    assert made.document_id == data.get("document_id")
    assert made.status == data.get("status")
    assert made.raw == data


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_a_model_is_read_from_nothing_but_an_object(data):
    with pytest.raises(Mismatch):
        ReturnsModel(Document).read(data)


@pytest.mark.parametrize(
    "wrap", [lambda data: data, lambda data: {"data": data}, lambda data: {"status": "ok", "data": data}]
)
def test_newer_operations_wrap_their_answer(wrap):
    assert ReturnsData(Document).read(wrap({"document_id": "x"})) == Document(document_id="x")


@pytest.mark.parametrize("data", [None, [], "x", {"data": []}, {"data": "x"}])
def test_what_is_wrapped_has_to_be_an_object(data):
    with pytest.raises(Mismatch):
        ReturnsData(Document).read(data)


@pytest.mark.parametrize(
    "wrap",
    [
        lambda rows: rows,
        lambda rows: {"data": rows},
        lambda rows: {"items": rows},
        lambda rows: {"results": rows, "n": 1},
    ],
)
def test_a_list_comes_bare_or_wrapped(wrap):
    assert ReturnsList(Document).read(wrap([{"document_id": "x"}])) == [Document(document_id="x")]
    assert ReturnsList(Document).read(wrap([])) == []


@pytest.mark.parametrize("key", ["data", "verifications", "items", "results", "report"])
def test_the_keys_of_a_wrapper_are_those_of_the_endpoint(key):
    report = ReturnsList(Document, ("data", "verifications", "items", "results", "report"))
    assert report.read({"data": None, "total": 1, key: [{"document_id": "x"}]}) == [Document(document_id="x")]
    with pytest.raises(Mismatch):
        report.read({"rows": []})


def test_an_object_whose_data_are_null_is_read_as_it_stands():
    assert ReturnsData(Document).read({"status": "new", "data": None}) == Document(status="new")


@pytest.mark.parametrize("rows", [[None], [None, {"document_id": "x"}, None]])
def test_nulls_in_a_list_are_skipped(rows):
    expected = [Document(document_id="x")] if len(rows) > 1 else []
    assert ReturnsList(Document).read(rows) == expected
    assert ReturnsList(Document).read({"items": rows}) == expected


def test_a_wrapper_that_holds_null_holds_an_empty_list():
    assert ReturnsList(Document).read({"data": None}) == []


@pytest.mark.parametrize("data", [None, {}, "x", {"rows": []}, {"data": "x"}, ["x"]])
def test_what_is_no_list_of_objects_is_a_mismatch(data):
    with pytest.raises(Mismatch):
        ReturnsList(Document).read(data)


def test_json_is_given_on_as_it_is():
    data = [{"a": None}]
    assert ReturnsJson().read(data) is data


def test_every_module_with_endpoints_is_in_the_list_of_sections():
    modules = [importlib.import_module(f"kycaid_async.api.{one.name}") for one in pkgutil.iter_modules(api.__path__)]
    # Those of a section are a tuple; others import the catalogue of all.
    found = [one.__name__.rpartition(".")[2] for one in modules if type(getattr(one, "ENDPOINTS", None)) is tuple]
    if missing := [name for name in found if name not in SECTIONS]:
        pytest.fail(f"kycaid_async/api/sections.py does not list {', '.join(missing)}", pytrace=False)
    assert found == list(SECTIONS), "in the order of the alphabet"


def test_the_catalogue_holds_every_endpoint_of_every_section():
    modules = [importlib.import_module(f"kycaid_async.api.{section}") for section in SECTIONS]
    assert list(ENDPOINTS) == [endpoint.name for module in modules for endpoint in module.ENDPOINTS]
    assert len({(e.method, e.path) for e in ENDPOINTS.values()}) == len(ENDPOINTS)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_module_declares_all_its_endpoints_in_the_tuple(section):
    """One that is left out would be called and never served, documented or tested."""
    package = importlib.import_module(f"kycaid_async.api.{section}")
    module = sys.modules.get(f"{package.__name__}.section", package)
    declared = [value for value in vars(module).values() if isinstance(value, Endpoint)]
    assert sorted(declared, key=lambda e: e.name) == sorted(module.ENDPOINTS, key=lambda e: e.name)


@ALL
def test_an_endpoint_is_named_after_its_section(endpoint):
    section, _, method = endpoint.name.partition(".")
    assert section in SECTIONS
    assert method.isidentifier()


@ALL
def test_the_verb_and_the_replay_class_fit(endpoint):
    """What is created by a POST is there twice after two of them; a GET changes nothing."""
    expected = {
        "GET": {Replay.SAFE},
        "POST": {Replay.DUPLICATES, Replay.BILLED} if endpoint.name.endswith(".create") else set(Replay),
        "PUT": {Replay.IDEMPOTENT},
        "PATCH": {Replay.IDEMPOTENT},
        "DELETE": {Replay.IDEMPOTENT},
    }
    assert endpoint.replay in expected[endpoint.method]


@ALL
def test_paths_are_plain_with_ids_in_braces(endpoint):
    assert re.fullmatch(r"(/([a-z0-9-]+|\{[a-z_]+\}))+", endpoint.path)


@ALL
def test_what_takes_a_body_says_which(endpoint):
    if endpoint.method in ("GET", "DELETE") or endpoint.uploads:
        assert endpoint.accepts == ()
    if endpoint.method == "PATCH" or (endpoint.name.endswith(".create") and not endpoint.uploads):
        assert endpoint.accepts


@ALL
def test_documented_operations_say_where_they_stand(endpoint):
    """What was only observed may stand nowhere, as the list of forms."""
    assert endpoint.reference or endpoint.evidence is not Evidence.DOCUMENTED


@ALL
def test_refusals_are_statuses_in_order(endpoint):
    assert list(endpoint.refusals) == sorted(set(endpoint.refusals))
    assert all(400 <= status < 600 for status in endpoint.refusals)
    assert {401, 500, 502} <= set(endpoint.refusals)


def test_only_the_creation_of_files_may_leave_orphans():
    assert [e.name for e in ENDPOINTS.values() if e.orphans_only] == ["files.create"]
