"""The blocking client has all that the asynchronous one has, and says the same of it."""

import ast
import inspect
import pydoc
import threading
from collections.abc import AsyncIterator, Iterator
from types import UnionType
from typing import get_args, get_origin

import jedi
import pytest
from jedi.api.environment import InterpreterEnvironment

from kycaid_async import AsyncKycaid, BulkAudit, BulkResults, BulkUpload, BulkVerify, Kycaid
from kycaid_async.api import sections
from kycaid_async.sync import sections as blocking_sections
from kycaid_async.sync.bulk import BlockingAudit, BlockingResults, BlockingUpload, BlockingVerify
from kycaid_async.sync.loop_thread import loop_thread
from tests import derived
from tests.conftest import API_KEY

SECTIONS = ["bulk", *sections.SECTIONS]
ASYNC, SYNC = AsyncKycaid(API_KEY), Kycaid(API_KEY)
METHODS = [
    (section, name)
    for section in SECTIONS
    for name, function in vars(type(getattr(ASYNC, section))).items()
    if not name.startswith("_") and inspect.isfunction(function)
]
RUNS = {
    BulkUpload: BlockingUpload,
    BulkAudit: BlockingAudit,
    BulkResults: BlockingResults,
    BulkVerify: BlockingVerify,
}
SOURCES = {("files", "create"), ("files", "replace")}


def blocking_form(annotation):
    if annotation in RUNS:
        return RUNS[annotation]
    return Iterator[get_args(annotation)] if get_origin(annotation) is AsyncIterator else annotation


def test_there_are_many_and_all_that_could_wait_are_coroutines_or_asynchronous_generators():
    assert len(METHODS) >= 40
    for section, name in METHODS:
        method = getattr(getattr(ASYNC, section), name)
        waits = inspect.iscoroutinefunction(method) or inspect.isasyncgenfunction(method)
        assert waits or (section == "bulk" and name in ("upload", "audit", "results", "verify"))


@pytest.mark.parametrize(("section", "name"), METHODS)
def test_every_method_has_a_twin_that_blocks_with_the_same_signature_and_docstring(section, name):
    method, twin = getattr(getattr(ASYNC, section), name), getattr(getattr(SYNC, section), name)
    wanted, found = inspect.signature(method), inspect.signature(twin)
    assert found.return_annotation == blocking_form(wanted.return_annotation)
    if (section, name) in SOURCES:  # functions that return plain iterators are taken, too
        assert set(get_args(found.parameters["source"].annotation)) > set(
            get_args(wanted.parameters["source"].annotation)
        )
        source = found.parameters["source"]
        wanted = wanted.replace(parameters=[source if p.name == "source" else p for p in wanted.parameters.values()])
    if section == "bulk":  # rows come from the thread that calls
        rows = found.parameters["rows"]
        kinds = set(get_args(rows.annotation)) if get_origin(rows.annotation) is UnionType else {rows.annotation}
        assert set(get_args(wanted.parameters["rows"].annotation)) > kinds
        wanted = wanted.replace(parameters=[rows if p.name == "rows" else p for p in wanted.parameters.values()])
    assert found.parameters == wanted.parameters
    assert inspect.getdoc(twin) == inspect.getdoc(method)
    assert (twin.__name__, twin.__qualname__) == (name, method.__qualname__)
    assert not inspect.iscoroutinefunction(twin)
    assert not inspect.isasyncgenfunction(twin)


@pytest.mark.parametrize("section", SECTIONS)
def test_no_section_has_more_than_its_twin(section):
    public = [{name for name in dir(getattr(client, section)) if not name.startswith("_")} for client in (ASYNC, SYNC)]
    assert public[0] == public[1]
    assert inspect.getdoc(getattr(SYNC, section)).startswith(inspect.getdoc(getattr(ASYNC, section)))


def test_the_client_itself_has_the_same_methods():
    of_async = {name for name in dir(AsyncKycaid) if not name.startswith("_")}
    of_sync = {name for name in dir(Kycaid) if not name.startswith("_")}
    assert of_async - of_sync == {"aclose"}
    assert of_sync - of_async == {"close"}
    for name in ("request", "with_options"):
        assert inspect.signature(getattr(SYNC, name)) == inspect.signature(getattr(ASYNC, name))
        assert inspect.getdoc(getattr(SYNC, name)) == inspect.getdoc(getattr(ASYNC, name))


def test_the_constructor_takes_the_same_options_but_for_a_session_of_the_other_world():
    wanted = dict(inspect.signature(AsyncKycaid).parameters)
    del wanted["session"]
    assert dict(inspect.signature(Kycaid).parameters) == wanted


def test_the_constructor_hands_every_option_on(monkeypatch):
    seen = {}
    monkeypatch.setattr("kycaid_async.sync.client.AsyncKycaid", lambda *args, **given: seen.update(given, args=args))
    names = [name for name in inspect.signature(Kycaid).parameters if name != "api_key"]
    Kycaid("key", **{name: name for name in names})
    assert seen == {name: name for name in names} | {"args": ("key",)}


def test_help_shows_what_a_method_takes_gives_and_does():
    shown = pydoc.render_doc(SYNC.documents.get, renderer=pydoc.plaintext)
    assert "get(document_id: str) -> kycaid_async.api.documents.document.Document" in shown
    assert "Return a document." in shown
    assert "async " not in shown


def test_the_repr_shows_the_server_and_not_the_key():
    assert repr(SYNC) == "Kycaid(base_url='https://api.kycaid.com')"


def test_a_section_is_the_same_object_each_time():
    assert SYNC.documents is SYNC.documents
    assert SYNC.with_options(timeout=1).documents is not SYNC.documents


def test_no_fork_begins_while_a_section_is_imported(monkeypatch):
    """Its child could never import what was half imported."""
    free = []

    def class_of(section):
        own = loop_thread._forks._locks[threading.get_ident()]  # which a fork takes first
        thread = threading.Thread(target=lambda: free.append(own.acquire(blocking=False)))
        thread.start()
        thread.join()
        return sections.class_of(section)

    monkeypatch.setattr(blocking_sections, "class_of", class_of)
    with Kycaid(API_KEY) as client:
        assert client.documents
    assert free == [False]


def test_the_stub_says_what_the_derived_sections_are():
    """Those of the blocking client, and those of ``client.with_raw_response`` of both."""
    there, wanted = derived.SIGNATURES_STUB.read_text("utf-8"), derived.signatures_stub()
    if ast.dump(without_defaults(there)) != ast.dump(without_defaults(wanted)):
        pytest.fail(f"kycaid_async/api/signatures.pyi: `{derived.COMMAND}` has to write it anew", pytrace=False)


def without_defaults(text):
    """Return a stub as a tree in which imports are sorted and defaults are only there or not."""
    tree = ast.parse(text)
    names = [(n.module, a.name) for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names]
    classes = [n for n in tree.body if isinstance(n, ast.ClassDef)]
    for arguments in (n for n in ast.walk(tree) if isinstance(n, ast.arguments)):
        arguments.kw_defaults = [d and ast.Constant(...) for d in arguments.kw_defaults]
        arguments.defaults = [ast.Constant(...) for _ in arguments.defaults]
    return ast.Module([*classes, ast.Expr(ast.Constant(str(sorted(names))))], type_ignores=[])


@pytest.mark.parametrize(
    ("call", "shown"),
    [
        ("Kycaid(", "Kycaid(api_key: str | None=None, *, base_url: str | None=None"),
        ("Kycaid().documents.get(", "get(document_id: str) -> Document"),
        ("Kycaid().documents.create(", "create(document: NewDocument, /) -> str"),
        ("Kycaid().verifications.report(", "report(start: date | str, end: date | str | None=None)"),
        (
            "Kycaid().bulk.upload(",
            "upload(rows: Iterable[BulkRow] | AnyPath | Manifest, *, ledger: Path | None, concurrency: int | None",
        ),
        ("Kycaid().request(", "request(method: str, path: str, *, json: "),
    ],
)
def test_an_editor_shows_the_signature_of_a_call(call, shown):
    program = f"from kycaid_async import Kycaid\n{call}"
    script = jedi.Script(program, environment=InterpreterEnvironment())
    assert script.get_signatures()[0].to_string().startswith(shown)
