"""A ledger whose secret the API key gives: nothing lies beside it, and no other key makes its rows unknown."""

import os
import shutil
import traceback

import pytest

from kycaid_async import BulkRow, ConfigurationError, LedgerError, Person
from kycaid_async.bulk.ledger import EntryState, secret_key_of
from kycaid_async.bulk.ledger.repair import repair, show
from kycaid_async.bulk.ledger.secret import Secret
from tests.bulk.ledger.formats import format_2
from tests.bulk.ledger.test_ledger import SENT, opened
from tests.conftest import API_KEY

OTHER_KEY = "f" * 36
ROW = b"1" * 32
BY_KEY = {"api_key": API_KEY, "secret_from": "api-key"}


@pytest.fixture(autouse=True)
def no_older_key(monkeypatch):
    monkeypatch.delenv("KYCAID_LEDGER_KEY", raising=False)


@pytest.fixture
async def path(tmp_path):
    """A ledger of one row, closed in order."""
    await made(tmp_path / "l")
    return tmp_path / "l"


async def made(path, **options):
    ledger = await opened(path, **BY_KEY | options)
    await ledger.intend_row(ROW, SENT, b"says")
    ledger.created_row(ROW, "d" * 36)
    await ledger.close()


async def knows_its_row(path, **options):
    ledger = await opened(path, **{"api_key": API_KEY} | options)
    try:
        entry = await ledger.row(ROW)
        return entry is not None and entry.document_id == "d" * 36 and ledger.has_said(entry, b"says")
    finally:
        await ledger.close()


def parts(path):
    return {part.name: part.read_bytes() for part in path.parent.iterdir()}


async def test_later_runs_know_its_rows_without_the_option_and_without_any_other_file(path):
    assert list(parts(path)) == ["l"]
    assert await knows_its_row(path)
    assert await knows_its_row(path, secret_from="api-key")
    assert await knows_its_row(path, read_only=True)
    assert list(parts(path)) == ["l"]


async def test_it_can_be_gone_on_from_after_a_kill_with_its_newest_part_alone(tmp_path):
    ledger = await opened(tmp_path / "l", **BY_KEY)
    await ledger.intend_row(ROW, SENT)
    (tmp_path / "killed").mkdir()
    for part in ("l", "l-wal"):
        shutil.copy(tmp_path / part, tmp_path / "killed" / part)
    await ledger.close()
    again = await opened(tmp_path / "killed" / "l", api_key=API_KEY)
    assert (await again.row(ROW)).state is EntryState.SENT
    await again.close()


def test_a_key_and_a_salt_give_the_same_secret_in_every_version():
    secret = Secret.derived(API_KEY, "00112233445566778899aabbccddeeff")
    of_another_library = "6e99e417dce3d8b7c27fa820c41c2a5d298e67a3c88fc33110aca345712231c4"  # HKDF-SHA-256
    assert secret.check == Secret(bytes.fromhex(of_another_library)).check


async def test_the_same_row_stands_differently_in_two_ledgers_of_one_key(tmp_path):
    found = set()
    for name in "ab":
        await made(tmp_path / name)
        ledger = await opened(tmp_path / name, api_key=API_KEY)
        found.add((await ledger.row(ROW)).digest)
        await ledger.close()
    assert len(found) == 2


@pytest.mark.parametrize("options", [{}, {"secret_from": "api-key"}, {"read_only": True}])
async def test_another_key_of_the_same_account_is_refused_and_told_the_way_out(path, options):
    before = parts(path)
    with pytest.raises(LedgerError) as refused:
        await opened(path, api_key=OTHER_KEY, same_account=True, **options)
    assert "would be sent again" in str(refused.value)
    assert "KYCAID_LEDGER_KEY" in str(refused.value)
    assert "repair --new-secret" in str(refused.value)
    assert parts(path) == before
    assert await knows_its_row(path)


async def test_another_key_of_perhaps_another_account_is_told_both_at_once(path):
    with pytest.raises(LedgerError, match=r"another API key.*same-account.*KYCAID_LEDGER_KEY"):
        await opened(path, api_key=OTHER_KEY)
    with pytest.raises(LedgerError, match="another API key"):
        await opened(path, api_key=OTHER_KEY, secret_key=secret_key_of(API_KEY))


async def test_who_has_no_key_at_hand_is_refused_too(path):
    with pytest.raises(LedgerError, match="KYCAID_LEDGER_KEY"):
        await opened(path, read_only=True)
    ledger = await opened(path, read_only=True, secret_key=secret_key_of(API_KEY))
    assert (await ledger.row(ROW)).document_id == "d" * 36
    await ledger.close()


async def test_after_changes_of_the_key_the_first_one_is_needed_beside_each(path):
    first = secret_key_of(API_KEY)
    for key in ("b" * 36, "c" * 36):
        assert await knows_its_row(path, api_key=key, same_account=True, secret_key=first)
        assert await knows_its_row(path, api_key=key, secret_key=first), "now it is known as a key of the account"
        with pytest.raises(LedgerError, match="that is not here"):
            await opened(path, api_key=key, secret_key=secret_key_of(OTHER_KEY))
    with pytest.raises(LedgerError, match="that is not here"):
        await opened(path, api_key="c" * 36, secret_key=secret_key_of("b" * 36))


async def test_a_ledger_with_a_secret_file_stays_so_and_the_option_is_refused(tmp_path):
    for options in ({}, {"secret_from": "file"}):
        (tmp_path / "l").unlink(missing_ok=True)
        await made(tmp_path / "l", **{"secret_from": None} | options)
        before = parts(tmp_path / "l")
        for read_only in (False, True):
            with pytest.raises(LedgerError, match=r"was made with a secret from the file l\.key"):
                await opened(tmp_path / "l", read_only=read_only, **BY_KEY)
        assert parts(tmp_path / "l") == before
        assert await knows_its_row(tmp_path / "l")


async def test_a_secret_file_beside_it_is_neither_asked_for_nor_used(path):
    with pytest.raises(LedgerError, match="was made with a secret from the API key"):
        await opened(path, api_key=API_KEY, secret_from="file")
    path.with_name("l.key").write_text("ab" * 32)
    assert await knows_its_row(path)
    assert show(path).problem is None


async def test_a_key_that_could_be_found_by_trying_gives_no_secret(tmp_path):
    for key in ("k" * 31, None):
        with pytest.raises(LedgerError, match="fewer than 32 characters"):
            await opened(tmp_path / "l", api_key=key, secret_from="api-key")
    await made(tmp_path / "l", api_key="k" * 32)


async def test_a_ledger_of_the_format_before_is_converted_with_it(tmp_path):
    format_2(tmp_path / "l", rows=[(ROW, "created", "a" * 36, "", "d" * 36, None, b"says")])
    assert await knows_its_row(tmp_path / "l", secret_from="api-key")
    assert await knows_its_row(tmp_path / "l")
    assert list(parts(tmp_path / "l")) == ["l"]
    assert ROW not in (tmp_path / "l").read_bytes()


# Nobody gets anything from it.


def dates():
    return [f"{year}-{month:02}-{day:02}" for year in (1989, 1990) for month in range(1, 13) for day in range(1, 29)]


def of_born(date):
    person = Person(first_name="Jane", last_name="Doe", dob=date)
    return BulkRow(document={"type": "PASSPORT"}, applicant=person, front_side="p.png")


async def test_a_birth_date_cannot_be_found_with_the_ledger_alone(tmp_path):
    ledger = await opened(tmp_path / "l", **BY_KEY)
    await ledger.intend_row(of_born("1990-05-17").digest, SENT)
    await ledger.close()
    content = (tmp_path / "l").read_bytes()
    about = await said(tmp_path / "l")
    tried = [Secret.derived(key, about["secret_salt"]) for key in ("", OTHER_KEY, *about.values())]
    tried += [Secret(value.encode()[:64]) for value in about.values()]
    tried += [Secret(bytes.fromhex(about["secret"])), Secret(bytes.fromhex(about["secret_salt"]))]

    def born(secrets):
        digests = [(date, of_born(date).digest) for date in dates()]
        return {date for date, digest in digests for secret in secrets if secret.keyed("row", digest) in content}

    assert not [date for date in dates() if of_born(date).digest in content]
    assert born(tried) == set()
    assert born([Secret.derived(API_KEY, about["secret_salt"])]) == {"1990-05-17"}, "so the search is one that finds"


async def said(path, api_key=API_KEY):
    ledger = await opened(path, api_key=api_key)
    found = dict(await ledger._database.read("SELECT name, value FROM about"))
    await ledger.close()
    return found


async def test_neither_the_key_nor_the_secret_stands_in_the_files_of_a_ledger(tmp_path):
    ledger = await opened(tmp_path / "l", **BY_KEY)
    await ledger.intend_row(ROW, SENT)
    secret = ledger._secret._key
    running = b"".join(parts(tmp_path / "l").values())
    await ledger.close()
    for content in (running, b"".join(parts(tmp_path / "l").values())):
        assert SENT.applicant_id.encode() in content
        assert not [text for text in (API_KEY.encode(), secret, secret.hex().encode()) if text in content]


async def test_no_refusal_and_no_repr_shows_a_key(path, caplog):
    caplog.set_level(0)
    with pytest.raises(LedgerError) as refused:
        await opened(path, api_key=OTHER_KEY, same_account=True, secret_key=secret_key_of("e" * 36))
    told = "".join(traceback.format_exception(refused.value)) + caplog.text
    frames = [frame for frame, _ in traceback.walk_tb(refused.tb) if "/bulk/ledger/s" in frame.f_code.co_filename]
    assert frames
    told += "".join(repr(value) for frame in frames for value in frame.f_locals.values())
    ledger = await opened(path, api_key=API_KEY, read_only=True)
    told += repr(Secret.derived(API_KEY)) + repr(ledger)
    await ledger.close()
    assert not [key for key in (API_KEY, OTHER_KEY, "e" * 36) if key in told]


def test_the_older_key_is_that_of_the_environment_unless_it_is_given(monkeypatch):
    assert secret_key_of() is None
    monkeypatch.setenv("KYCAID_LEDGER_KEY", "")
    assert secret_key_of() is None
    monkeypatch.setenv("KYCAID_LEDGER_KEY", API_KEY)
    assert secret_key_of().reveal() == API_KEY
    assert secret_key_of(OTHER_KEY).reveal() == OTHER_KEY
    monkeypatch.setenv("KYCAID_LEDGER_KEY", "two words")
    with pytest.raises(ConfigurationError, match="spaces"):
        secret_key_of()


# Looking into it, and repairing it, needs no key.


async def test_it_is_shown_and_found_fit_without_the_key(path):
    before = parts(path)
    report = show(path)
    assert (report.problem, report.secret_from, report.rows) == (None, "api-key", {"created": 1})
    assert repair(path) == (report, [])
    assert parts(path) == before


async def test_it_is_repaired_without_the_key_and_then_its_rows_are_known_with_it(tmp_path):
    ledger = await opened(tmp_path / "l", **BY_KEY)
    await ledger.close()
    ledger = await opened(tmp_path / "l", api_key=API_KEY)
    await ledger.intend_row(ROW, SENT, b"says")
    ledger.created_row(ROW, "d" * 36)
    await ledger.close()
    again = await opened(tmp_path / "l", api_key=API_KEY)
    await again.intend_row(b"2" * 32, SENT)
    shutil.copy(tmp_path / "l", tmp_path / "cut")  # and its -wal is lost
    await again.close()
    assert show(tmp_path / "cut").problem is not None
    report, kept = repair(tmp_path / "cut")
    assert (report.may_have_gaps, report.secret_from, len(kept)) == (True, "api-key", 1)
    assert not os.path.exists(tmp_path / "cut.key")
    assert await knows_its_row(tmp_path / "cut")
    with pytest.raises(LedgerError, match="that is not here"):
        await opened(tmp_path / "cut", api_key=OTHER_KEY, same_account=True)


async def test_when_its_key_is_gone_for_good_all_its_rows_count_as_perhaps_sent(path):
    report, kept = repair(path, new_secret=True)
    assert (report.may_have_gaps, report.secret_from, report.rows) == (True, "file", {})
    assert kept == [f"{path.resolve()}.before-repair-1"]
    ledger = await opened(path, api_key=OTHER_KEY, same_account=True)
    assert ledger.may_have_gaps
    assert await ledger.row(ROW) is None
    await ledger.close()
    assert "secret_salt" not in await said(path, OTHER_KEY)
    assert path.with_name("l.key").exists()


async def test_what_it_says_of_its_secret_has_to_be_whole(path):
    ledger = await opened(path, api_key=API_KEY)
    await ledger._database.write_durable("DELETE FROM about WHERE name = 'secret_salt'")
    await ledger.close()
    with pytest.raises(LedgerError, match="damaged"):
        await opened(path, api_key=API_KEY)
    assert show(path).problem is not None
    with pytest.raises(LedgerError, match="--new-secret"):
        repair(path)
