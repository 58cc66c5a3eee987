"""Whose a number or a picture is, without a server: one read of an index, by the rule of the oldest accepted one."""

import random
from contextlib import suppress

import pytest

from kycaid_async.sandbox.rules.rules import IDENTITY, SELFIES
from kycaid_async.sandbox.storage.database import MEMORY, Store
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork

NOW = "2025-06-15 12:00:00"
PLAIN = (
    "SELECT owner FROM files f JOIN attachments ON file_id = f.id JOIN documents d ON d.id = document_id "
    "WHERE sha256 = ? ORDER BY d.status = 'valid' DESC, d.seq"
)
"""The rule as a query that reads everything."""


@pytest.fixture
def store():
    opened = Store(MEMORY)
    yield opened
    opened.close()


def add_file(unit, id_, sha256):
    unit.files.insert(id=id_, name="", mime_type="", size=1, sha256=sha256, stored_as=id_, created_at=NOW)


def add_document(unit, id_, owner, *files, type_="PASSPORT", status="new", number=None):
    unit.documents.insert(
        id=id_,
        owner=owner,
        owner_key="applicant_id",
        type=type_,
        body={},
        created_at=NOW,
        document_number=number,
        card_number=number,
        status=status,
        reasons=[],
        changed_at=0.0,
        version=1,
    )
    unit.documents.attach(id_, files)


def steps(store, work):
    """Return how many steps SQLite's machine takes for what ``work`` reads."""
    taken = 0

    def count():
        nonlocal taken
        taken += 1

    with store.transaction() as statements:
        store._db.set_progress_handler(count, 1)
        work(UnitOfWork(statements))
        store._db.set_progress_handler(None, 0)
    return taken


def test_the_look_for_duplicates_takes_the_same_time_however_many_there_are(store):
    taken = []
    for wave in range(3):
        with store.transaction() as statements:
            unit = UnitOfWork(statements)
            for n in range(10**wave, 10 ** (wave + 1)):
                add_file(unit, f"f{n}", "the same")
                add_document(unit, f"d{n}", f"o{n}", f"f{n}", number="N1", status="valid")
        document = {"owner": "o999", "document_number": "N1", "card_number": "N1"}
        taken.append(steps(store, lambda unit: unit.documents.is_content_taken(document, "the same")))  # noqa: B023
        taken.append(steps(store, lambda unit: unit.documents.is_number_taken(document)))  # noqa: B023
    assert taken[:2] == taken[2:4] == taken[4:]


def test_what_is_known_of_the_database_is_forgotten_with_a_change_and_when_one_is_undone(store):
    def is_all_reviewed(status=None):
        with store.transaction() as statements:
            unit = UnitOfWork(statements)
            if status is not None:
                add_document(unit, f"of {status}", "o1", status=status)
            return unit.verifications.is_all_reviewed()

    assert is_all_reviewed()
    with suppress(ZeroDivisionError), store.transaction() as statements:
        add_document(UnitOfWork(statements), "d1", "o1")
        assert not UnitOfWork(statements).verifications.is_all_reviewed()
        raise ZeroDivisionError
    assert is_all_reviewed()
    assert is_all_reviewed("valid")
    assert not is_all_reviewed("new")
    assert not is_all_reviewed()


def test_the_files_of_documents_that_show_nobody_are_nobodys(store):
    with store.transaction() as statements:
        unit = UnitOfWork(statements)
        add_file(unit, "f", "a bill")
        add_document(unit, "d", "o1", "f", type_="ADDRESS_DOCUMENT", status="valid")
        assert not unit.documents.is_content_taken({"owner": "o2"}, "a bill")
        unit.documents.change("d", type="PASSPORT")
        assert unit.documents.is_content_taken({"owner": "o2"}, "a bill")


@pytest.mark.parametrize("seed", range(30))
def test_the_index_says_what_reading_everything_says(store, seed):
    chance = random.Random(seed)
    digests, owners = ["a", "b", "c"], ["o1", "o2", "o3"]
    with store.transaction() as statements:
        unit = UnitOfWork(statements)
        documents = []
        for n in range(20):
            add_file(unit, f"f{n}", chance.choice(digests))
        for step in range(120):
            act = chance.randrange(6)
            if act == 0 or not documents:
                documents.append(f"d{step}")
                files = chance.sample(range(20), chance.randrange(3))
                add_document(unit, f"d{step}", chance.choice(owners), *(f"f{n}" for n in files))
                continue
            document = chance.choice(documents)
            if act == 1:
                unit.documents.change(document, status=chance.choice(["new", "valid", "invalid"]))
            elif act == 2:
                unit.documents.change(document, type=chance.choice(["PASSPORT", "SELFIE_IMAGE", "TAX_ID_NUMBER"]))
            elif act == 3:
                unit.documents.change(document, owner=chance.choice(owners))
            elif act == 4:
                unit.documents.attach(document, [f"f{chance.randrange(20)}"])
            else:
                unit.documents.remove(document)
                documents.remove(document)
        shown = {kind.value for kind in IDENTITY | SELFIES}
        for sha256 in digests:
            rows = statements.rows(PLAIN.replace("owner FROM", "owner, d.type AS type FROM"), sha256)
            holder = next((row["owner"] for row in rows if row["type"] in shown), None)
            for owner in owners:
                expected = holder not in (None, owner)
                assert unit.documents.is_content_taken({"owner": owner}, sha256) is expected
