"""Rows are looked up in the ledger together, before their turn, and what is found out early is never out of date."""

import hashlib
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kycaid_async import BulkRow, BulkStatus
from kycaid_async.bulk.digests import counts_as
from kycaid_async.bulk.ledger import Intent
from kycaid_async.bulk.ledger.database import Database
from tests.bulk.plain_server import PlainServer

OWNER = "a" * 36
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@pytest.fixture
async def plain():
    async with PlainServer() as server:
        server.applicants[OWNER] = {"applicant_id": OWNER, "type": "PERSON"}
        yield server


def row(number, **fields):
    document = {"type": "PASSPORT", "document_number": f"N{number}"}
    return BulkRow(document=document, applicant_id=OWNER, key=f"{number}", **fields)


@pytest.mark.parametrize("seed", range(6))
async def test_rows_that_come_again_at_any_distance_are_delivered_once(plain, make_client, tmp_path, seed):
    chance = random.Random(seed)
    plain.steps = lambda _method, _path: chance.randrange(6)
    numbers = [number for number in range(60) for _ in range(3)]
    reach = chance.choice([2, 20, 200])
    numbers.sort(key=lambda number: number + chance.random() * reach)
    client = make_client(plain.url)
    for created in (60, 0):
        results, summary = await client.bulk.upload_all(map(row, numbers), ledger=tmp_path / "l")
        assert (summary.created, summary.done_before) == (created, 180 - created)
        assert [plain.documents[r.document_id]["document_number"] for r in results] == [f"N{n}" for n in numbers]
    assert len(plain.documents) == 60


async def test_rows_that_were_done_before_cost_a_look_into_the_ledger_for_dozens_of_them(
    plain, make_client, tmp_path, monkeypatch
):
    client = make_client(plain.url)
    await client.bulk.upload_all(map(row, range(300)), ledger=tmp_path / "l")
    looks, read = [], Database.read

    async def watched(self, sql, *values):
        looks.append(sql)
        return await read(self, sql, *values)

    monkeypatch.setattr(Database, "read", watched)
    _, summary = await client.bulk.upload_all(map(row, range(300)), ledger=tmp_path / "l")
    assert summary.done_before == 300
    assert len(looks) <= 100


async def test_a_row_that_was_done_before_is_done_also_when_it_would_be_refused_by_now(plain, make_client, tmp_path):
    odd = BulkRow(document={"type": "PASSPORT", "document_number": "N" * 51}, applicant_id=OWNER)
    [first], _ = await make_client(plain.url, check=False).bulk.upload_all([odd], ledger=tmp_path / "l")
    [again], _ = await make_client(plain.url).bulk.upload_all([odd], ledger=tmp_path / "l")
    assert (first.status, again.status) == (BulkStatus.CREATED, BulkStatus.DONE_BEFORE)


@given(st.dictionaries(TEXTS, TEXTS, max_size=4), TEXTS, TEXTS)
def test_the_digest_of_a_row_of_texts_is_that_of_its_json(document, applicant_id, path):
    content = {
        "document": counts_as(document),
        "applicant_id": applicant_id,
        "applicant": None,
        "sides": {"back_side": path, "front_side": "a"},
    }
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    one = BulkRow(document=document, applicant_id=applicant_id, front_side="a", back_side=path)
    assert one.digest == hashlib.sha256(b"row\0" + text.encode()).digest()


@given(TEXTS, st.dictionaries(st.sampled_from(["front_side", "back_side", "other_side_1"]), TEXTS))
def test_an_intent_is_told_from_others_by_its_json(kind, file_ids):
    intent = Intent(applicant_id=OWNER, type=kind, file_ids=file_ids)
    assert intent.text == json.dumps({"type": kind, **file_ids}, sort_keys=True)
    assert Intent.of(OWNER, intent.text) == intent
