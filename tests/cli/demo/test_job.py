"""The job behind the demo, against a client whose answers are made up."""

from pathlib import Path

import anyio
import attrs
import pytest

from kycaid_async import AuthenticationError, ConnectionFailedError, DeclineReason, Document, InvalidFileError
from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.cli.demo.files import DemoFile, Holder
from kycaid_async.cli.demo.job import DemoJob

HOLDER = Holder(first_name="Ada", last_name="Quill")


@attrs.define
class MadeUp:
    """A client: each file is a document, which is reviewed at its n-th reading."""

    readings_to_review: int = 1
    faults: dict[str, Exception] = attrs.field(factory=dict)
    calls: list[str] = attrs.field(factory=list)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def files(self):
        return Section(self, "files", lambda path: f"file of {path.name}")

    @property
    def applicants(self):
        return Section(self, "applicants", lambda person: person.last_name)

    @property
    def documents(self):
        return Section(self, "documents", lambda document: document.front_side_id, self._read)

    def _read(self, document_id):
        readings = self.calls.count(f"documents.get {document_id}")
        reviewed = readings >= self.readings_to_review
        return Document(document_id=document_id, status=DocumentStatus.VALID if reviewed else DocumentStatus.NEW)


@attrs.define
class Section:
    client: MadeUp
    name: str
    made: object
    read: object = None

    async def create(self, what, **_):
        self.client.at_once += 1
        self.client.most_at_once = max(self.client.most_at_once, self.client.at_once)
        await anyio.lowlevel.checkpoint()
        self.client.at_once -= 1
        made = self.made(what)
        self.client.calls.append(f"{self.name}.create {made}")
        if made in self.client.faults:
            raise self.client.faults[made]
        return made

    async def get(self, document_id):
        self.client.calls.append(f"{self.name}.get {document_id}")
        if f"get {document_id}" in self.client.faults:
            raise self.client.faults[f"get {document_id}"]
        return self.read(document_id)


class Counts:
    def __init__(self):
        self.seen = []

    def sent(self, outcome):
        self.seen.append("sent")

    def reviewed(self, outcome):
        self.seen.append("reviewed")


@pytest.fixture
def run(fake_time):
    async def run(client, files, *, workers=4, wait=60, watcher=None):
        job = DemoJob(
            client,
            files,
            workers=workers,
            wait=wait,
            watcher=watcher or Counts(),
            clock=lambda: fake_time.now,
            sleep=fake_time.sleep,
        )
        return await job.run()

    return run


def file(name, holder=HOLDER):
    return DemoFile(path=Path(name), name=name, size=10, holder=holder, type="PASSPORT")


async def test_an_owner_becomes_one_applicant_however_many_files_there_are(run):
    client = MadeUp()
    report = await run(client, [file(f"{n}.jpg") for n in range(9)])
    assert client.calls.count("applicants.create Quill") == 1
    assert (report.documents, report.by_status(), report.bytes) == (9, {"valid": 9}, 90)


async def test_no_more_requests_run_at_once_than_workers(run):
    client = MadeUp()
    await run(client, [file(f"{n}.jpg", Holder(first_name="A", last_name="B")) for n in range(9)], workers=3)
    assert client.most_at_once == 3


async def test_a_refused_file_makes_no_applicant_and_stops_no_other(run):
    refusal = InvalidFileError("1.jpg: is empty", file="some/where/1.jpg")
    client = MadeUp(faults={"file of 1.jpg": refusal})
    watcher = Counts()
    files = [file(f"{n}.jpg", Holder(first_name="A", last_name=f"B{n}")) for n in range(3)]
    report = await run(client, files, watcher=watcher)
    assert "applicants.create B1" not in client.calls
    assert report.as_json()["failures"] == [{"file": "1.jpg", "error": "is empty"}]
    assert (report.documents, sorted(watcher.seen)) == (2, ["reviewed"] * 2 + ["sent"] * 3)


@pytest.mark.parametrize("error", [AuthenticationError("no"), ConnectionFailedError("no")])
async def test_a_wrong_key_or_an_absent_server_stops_the_job_at_the_first_file(run, error):
    client = MadeUp(faults={f"file of {n}.jpg": error for n in range(100)})
    with pytest.raises(type(error)):
        await run(client, [file(f"{n}.jpg") for n in range(100)], workers=2)
    assert len(client.calls) <= 2


async def test_a_connection_lost_later_fails_only_its_file(run):
    client = MadeUp(faults={"file of 1.jpg": ConnectionFailedError("gone")})
    report = await run(client, [file(f"{n}.jpg") for n in range(3)], workers=1)
    assert (report.documents, len(report.failures)) == (2, 1)


async def test_reviews_are_awaited_with_growing_pauses(run, fake_time):
    report = await run(MadeUp(readings_to_review=5), [file("1.jpg")])
    assert report.by_status() == {"valid": 1}
    assert fake_time.slept == sorted(fake_time.slept)
    assert len(fake_time.slept) == 4


async def test_waiting_ends_in_time_and_is_no_failure(run, fake_time):
    report = await run(MadeUp(readings_to_review=1000), [file("1.jpg"), file("2.jpg")], wait=30)
    assert sum(fake_time.slept) == pytest.approx(30)
    assert (report.by_status(), report.failures) == ({"new": 2}, [])


async def test_a_wait_of_zero_reads_once(run):
    client = MadeUp(readings_to_review=1000)
    await run(client, [file("1.jpg")], wait=0)
    assert len([call for call in client.calls if "documents.get" in call]) == 1


async def test_a_review_that_cannot_be_read_is_a_failure_of_its_file(run):
    client = MadeUp(faults={"get file of 1.jpg": ConnectionFailedError("gone")})
    report = await run(client, [file("1.jpg"), file("2.jpg")])
    assert report.as_json()["failures"] == [{"file": "1.jpg", "error": "gone"}]
    assert (report.documents, report.by_status()) == (2, {"valid": 1})


async def test_reasons_without_an_id_come_last(run):
    report = await run(MadeUp(), [file("1.jpg")])
    report.outcomes[0].document.decline_reasons = [DeclineReason("NEW_ONE"), DeclineReason(25), DeclineReason(7)]
    assert [(reason["id"], reason["name"]) for reason in report.as_json()["decline_reasons"]] == [
        (7, "BAD_QUALITY"),
        (25, "DOCUMENT_DAMAGED"),
        (None, "NEW_ONE"),
    ]
