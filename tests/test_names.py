"""Words of the house: one name for one thing, first lines without riddles, a reason beside each exception."""

import re
from collections import defaultdict

import pytest

from tests.house import modules

SAME_CLASSES = {
    "Sandbox": "the one of `testing` is that of `sandbox`, and a plain context manager too",
}
"""Names of classes that stand for more than one thing, with the reason: four at most."""

SAME_MODULES = {
    "__main__": "what `python -m` runs",
    "applicants": "a section, and the repository of what it holds",
    "bulk": "`client.bulk`, and its blocking twin",
    "check": "the check of a manifest, and of a request's fields",
    "client": "the client, and its blocking twin",
    "database": "the one SQLite file of a room",
    "fields": "types of fields, in general and of one section",
    "evidence": "evidence after a lost answer: for a document, and for a verification",
    "files": "a section, and what the demo uploads",
    "kinds": "kinds of documents, and of files",
    "ledger": "the ledger, and the commands about it",
    "middleware": "the middlewares of one room each",
    "models": "the models of one section each",
    "options": "the options of one command each",
    "parts": "the parts of a workbook, and those of aiohttp",
    "problems": "texts of problems of one room each",
    "raw_sections": "the sections of `client.with_raw_response`, and their blocking twins",
    "reference_lists": "lists of the reference: how they are fetched, and what the sandbox answers",
    "remarks": "remarks on audited rows, and on verifications that were not started",
    "report": "the report of one command each",
    "result": "the results of one kind of run each",
    "row": "a row of an upload, and of a manifest",
    "run": "one run: of an upload, an audit, a command",
    "screen": "the screen of one command each",
    "secret": "the API key, and the secret of a ledger",
    "section": "the class of a section, and its base",
    "sections": "all sections, and their blocking twins",
    "state": "what an audit knows so far, and what a sandbox holds",
    "verdict": "the verdict that a run gives out, and the rules of the sandbox for one",
    "verifications": "entries of a ledger, and the repository of a sandbox",
}
"""Names of modules that stand in several rooms, with what they are in each. Handlers mirror the sections of `api`."""

RIDDLES = re.compile(
    r"(So many|So much|How|Who|Whom|Whose|What|Whether|Which|Those|Where|When|Why|That|One that|One who)\b"
)
"""What no first line of a docstring begins with: it is a noun of the field, or an imperative verb."""

REASON = re.compile(r"#\s*noqa: [A-Z0-9, ]+ - \S|#\s*(type|pyright): ignore\[[^]]+\]\s+# \S")


def per_room(places):
    """Return a text that shows places of the package room by room."""
    rooms = defaultdict(list)
    for place in sorted(places):
        rooms[place.split("/")[0]].append(place)
    return "".join(f"\n{room} ({len(found)}): " + "\n    ".join(["", *found]) for room, found in sorted(rooms.items()))


def test_the_name_of_a_public_class_stands_for_one_thing():
    homes = defaultdict(list)
    for module in modules():
        for node in module.classes:
            if module.room != "sync":  # what stands there is the blocking twin of the same name
                homes[node.name].append(module.where)
    double = {name: places for name, places in homes.items() if len(places) > 1 and name not in SAME_CLASSES}
    assert not double, f"name them apart: {double}"
    assert len(SAME_CLASSES) <= 4
    assert all(len(homes[name]) > 1 for name in SAME_CLASSES), "what is no longer double needs no reason"


def test_the_name_of_a_module_stands_for_one_thing():
    homes = defaultdict(list)
    for module in modules():
        if not module.is_package and not module.where.startswith("sandbox/handlers/"):
            homes[module.path.stem].append(module.where)
    double = {name: places for name, places in homes.items() if len(places) > 1 and name not in SAME_MODULES}
    assert not double, f"name them apart: {double}"
    single = [name for name in SAME_MODULES if len(homes[name]) < 2]
    assert not single, f"what is no longer double needs no reason: {single}"


def test_the_first_line_of_a_docstring_is_a_noun_or_an_imperative():
    riddles = [
        f"{module.where}: {name}: {line}"
        for module in modules()
        for name, line in module.documented
        if RIDDLES.match(line)
    ]
    assert not riddles, per_room(riddles)


def test_each_suppressed_warning_has_its_reason_beside_it():
    silent = [
        f"{module.where}:{line}: {comment}"
        for module in modules()
        for line, comment in module.comments
        if re.search(r"noqa|(type|pyright): ignore", comment) and not REASON.search(comment)
    ]
    assert not silent, per_room(silent)


@pytest.mark.parametrize(
    ("comment", "has_reason"),
    [
        ("# noqa: BLE001 - re-raised on the loop", True),
        ("# noqa: F401, F811 - for analysers", True),
        ("# type: ignore[misc]  # a type made at run time", True),
        ("# noqa: SLF001", False),
        ("# noqa", False),
        ("# type: ignore", False),
        ("# type: ignore[misc]", False),
        ("# type: ignore[misc] because", False),
    ],
)
def test_a_reason_is_told_from_a_bare_suppression(comment, has_reason):
    assert bool(REASON.search(comment)) is has_reason
