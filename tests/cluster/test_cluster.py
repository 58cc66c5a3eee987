"""Uploads on Dask: real processes, which are killed; and what travels between them."""

import json
import pickle
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import attrs
import pytest

from kycaid_async import AsyncKycaid, CheckType, ConfigurationError, KycaidError, ValidationError
from kycaid_async.bulk.manifest.manifest import Manifest
from kycaid_async.bulk.upload import UploadPlan
from kycaid_async.bulk.verify.wanted import WantedVerification
from kycaid_async.cluster import DaskEngine, worker
from kycaid_async.cluster.messages import Job, bare, client_options, run_options, secret_from
from kycaid_async.cluster.shards import UploadWork, cut, everywhere
from kycaid_async.cluster.verify_work import ApplicantTask, Seal
from kycaid_async.errors import FieldError, ManifestError
from tests.cluster import crash
from tests.cluster.manifests import write_manifest

KEY = crash.KEY
LEDGER = "postgresql+psycopg://db/kyc"


def shards_of(path, **options):
    manifest = Manifest.open(path)
    rows = [row for row in manifest.rows() if hasattr(row, "document")]
    return manifest, rows, [shard for shard, _ in cut(manifest, iter(rows), KEY, **options)]


def test_workers_that_die_and_a_scheduler_postgresql_and_redis_that_are_restarted_lose_nothing(tmp_path):
    verdict = crash.storm(rows=400, workers=2, kill=crash.at(60, 250), folder=tmp_path, limit=300)
    assert not verdict.problems, verdict
    assert verdict.kills == 2
    assert verdict.restarted == ["scheduler", "PostgreSQL", "Redis"]


def test_two_who_start_the_same_upload_at_once_make_each_thing_once(tmp_path):
    verdict = crash.storm(rows=240, workers=2, drivers=2, kill=crash.at(80), folder=tmp_path, restarts=(), limit=300)
    assert not verdict.problems, verdict


def test_verifications_are_started_once_whoever_dies(tmp_path):
    kill = crash.at(20, 60)
    verdict = crash.storm(
        rows=120, workers=2, verify=True, kill=kill, folder=tmp_path, restarts=("scheduler",), limit=300
    )
    assert not verdict.problems, verdict
    assert len(verdict.made["verifications"]) == 120


def test_no_more_verifications_are_started_than_the_limit_allows(tmp_path):
    with crash.Storm(rows=60, workers=1, verify=True, folder=tmp_path, restarts=(), limit=120) as running:
        running.begin(limit=25)
        running.wait_for(lambda: False)
        results, ended = crash.told_by(running.outputs)
        assert not ended
        assert [one["status"] for one in results[0].values()] == ["started"] * 25
        assert running.done == 25


def test_a_worker_that_is_stopped_for_longer_than_its_lease_makes_nothing_twice(tmp_path):
    verdict = crash.stopped_worker(rows=400, workers=2, seconds=2.0, lease=2.0, folder=tmp_path, restarts=(), limit=300)
    assert not verdict.problems, verdict


def test_a_run_that_is_stopped_for_longer_than_its_lease_makes_nothing_twice(tmp_path):
    verdict = crash.stopped(rows=160, seconds=2.0, lease=2.0, folder=tmp_path)
    assert not verdict.problems, verdict


def test_a_worker_that_is_taken_away_finishes_what_is_in_flight(tmp_path):
    with crash.Storm(rows=400, workers=2, folder=tmp_path, restarts=(), limit=300) as running:
        running.begin()
        running.wait_for(lambda: running.done > 40)
        running.dask.retire_one()
        running.wait_for(lambda: False)
        verdict = running.verdict()
    assert not verdict.problems, verdict
    assert sum(worker.is_alive for worker in running.dask.workers) <= 1
    assert "uncertain" not in verdict.statuses[0]  # as an applicant is that was in flight when a worker was killed


def test_workers_begin_nothing_more_once_the_scheduler_is_silent_for_a_lease_and_go_on_when_it_is_back(tmp_path):
    lease = 3.0
    with crash.Storm(rows=400, workers=2, folder=tmp_path, restarts=(), lease=lease, latency=0.3, limit=300) as running:
        running.begin()
        running.wait_for(lambda: running.done > 20)
        running.dask.scheduler.process.send_signal(signal.SIGSTOP)
        silent_since = time.monotonic()
        last = running.wait_for_silence(quiet=1.0)
        running.dask.scheduler.process.send_signal(signal.SIGCONT)
        assert last - silent_since < 3 * lease
        assert running.done < running.rows
        running.wait_for(lambda: False)
        verdict = running.verdict()
    assert not verdict.problems, verdict


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_each_row_is_in_one_shard_and_is_read_there_as_it_was(tmp_path, ends, encoding):
    path = write_manifest(tmp_path, 53)
    text = path.read_text(encoding="utf-8").replace("\nK", "\nKü").replace("\n", ends)
    path.write_bytes(text.encode(encoding))
    options = {"encoding": encoding} if encoding == "cp1252" else {}
    manifest = Manifest.open(path, **options)
    rows = list(manifest.rows())
    shards = [shard for shard, _ in cut(manifest, iter(rows), KEY, size=10)]
    read = [row for shard in shards for row in shard.rows(everywhere(manifest), KEY)]
    assert [row.line for row in read] == [row.line for row in rows]
    assert [row.digest for row in read] == [row.digest for row in rows]
    if encoding != "utf-16" and ends != "\r":
        assert [shard.starts for shard in shards] == [shard.lines[0] for shard in shards]


def test_a_row_may_have_line_breaks_in_its_cells(tmp_path):
    path = write_manifest(tmp_path, 30)
    lines = path.read_text().splitlines()
    for at in (10, 20, 30):  # where shards end
        lines[at] = lines[at].replace(f"KeyCanary{at - 1},", f'"KeyCanary{at - 1}\n more",')
    path.write_text("\n".join(lines))
    manifest, rows, shards = shards_of(path, size=10)
    assert [row.line for shard in shards for row in shard.rows(manifest, KEY)] == [row.line for row in rows]


def test_bad_rows_between_others_are_in_no_shard(tmp_path):
    path = write_manifest(tmp_path, 30)
    lines = path.read_text().splitlines()
    lines[7] = "broken"
    path.write_text("\n".join(lines))
    manifest, rows, shards = shards_of(path, size=10)
    assert [row.line for shard in shards for row in shard.rows(manifest, KEY)] == [row.line for row in rows]
    assert 8 not in {row.line for row in rows}


def test_rows_of_json_lines_and_of_parquet_are_cut_too(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    path = write_manifest(tmp_path, 45)
    names, *cells = [line.split(",") for line in path.read_text().splitlines()]
    objects = [dict(zip(names, row, strict=True)) for row in cells]
    table = pyarrow.Table.from_pylist(objects)
    pq.write_table(table, tmp_path / "people.parquet", row_group_size=7)
    (tmp_path / "people.jsonl").write_text("\n".join(map(json.dumps, objects)))
    for name in ("people.parquet", "people.jsonl"):
        manifest, rows, shards = shards_of(tmp_path / name, size=10)
        assert len(rows) == 45
        assert [row.line for shard in shards for row in shard.rows(manifest, KEY)] == [row.line for row in rows]


def test_a_worker_that_sees_another_file_reads_nothing_from_it(tmp_path):
    path = write_manifest(tmp_path, 20)
    manifest, _, shards = shards_of(path, size=10)
    path.write_text(path.read_text().replace("NUMBERCANARY0000012", "NUMBERCANARY0000099"))
    shards[0].rows(manifest, KEY)
    with pytest.raises(ManifestError, match="another file"):
        shards[1].rows(manifest, KEY)


def test_a_shard_and_a_job_hold_no_key_no_password_and_no_row(tmp_path):
    path = write_manifest(tmp_path, 20)
    _, _, shards = shards_of(path, size=10)
    engine = DaskEngine("tcp://scheduler:8786", ledger_from="env:KYCAID_LEDGER_URL")
    with SentJob(engine, path) as job:
        sent = pickle.dumps((shards, job)) + repr((shards, job)).encode()
    for secret in (KEY, "me:secret", "Canaryname", "NUMBERCANARY", "KeyCanary"):
        assert secret.encode() not in sent


class SentJob:
    """The job of an upload, as it is sent to workers."""

    def __init__(self, engine, path):
        self.engine, self.path = engine, path

    def __enter__(self):
        settings = AsyncKycaid(KEY)._settings
        plan = UploadPlan(ledger="postgresql+psycopg://me:secret@db/kyc", engine=self.engine)
        self.places = self.engine._places(plan, settings)
        return Job(
            name="kycaid-test",
            work=UploadWork(everywhere(Manifest.open(self.path)), run_options(plan)),
            connections=4,
            client=client_options(settings),
            **attrs.asdict(self.places.__enter__()),
        )

    def __exit__(self, *_):
        self.places.__exit__(None, None, None)


async def test_a_password_is_not_sent_to_workers_elsewhere(tmp_path):
    path = write_manifest(tmp_path, 2)
    async with AsyncKycaid(KEY, base_url="http://127.0.0.1:1") as client:
        upload = client.bulk.upload(
            Manifest.open(path), ledger="postgresql+psycopg://me:secret@127.0.0.1:1/kyc", engine=DaskEngine("tcp://x:1")
        )
        with (
            pytest.raises(ConfigurationError, match="password") as raised,
            upload._engine._places(upload._plan, client._settings),
        ):
            pass
    assert "secret" not in str(raised.value)


def test_secrets_of_a_cluster_of_our_own_lie_in_a_folder_that_nobody_else_can_read():
    plan = UploadPlan(ledger="postgresql+psycopg://me:secret@db/kyc")
    with DaskEngine({"n_workers": 1})._places(plan, AsyncKycaid(KEY)._settings) as places:
        assert secret_from(places.key_from) == KEY
        assert secret_from(places.ledger_from) == plan.ledger
        file = Path(places.key_from.removeprefix("file:"))
        assert file.stat().st_mode & 0o077 == 0
        assert file.parent.stat().st_mode & 0o077 == 0
    assert not file.exists()


@pytest.mark.parametrize("place", ["env:KYCAID_NOWHERE", "file:/nowhere", "elsewhere", "env:"])
def test_a_secret_that_is_not_there_is_named_and_not_shown(place):
    with pytest.raises(ConfigurationError):
        secret_from(place)


def test_an_error_travels_without_what_the_server_wrote():
    error = ValidationError("documents.create: 422", status=422, body=b"Canaryname")
    error.errors = (FieldError(parameter="type", message="Canaryname"),)
    error.__cause__ = ValueError("Canaryname")
    sent = pickle.dumps(bare(error))
    assert b"Canaryname" not in sent
    assert pickle.loads(sent).errors[0].parameter == "type"  # noqa: S301 - made above
    assert error.body == b"Canaryname"


async def test_rows_without_a_manifest_are_refused():
    async with AsyncKycaid(KEY) as client:
        upload = client.bulk.upload([], ledger=LEDGER, engine=DaskEngine("tcp://x:1"))
        with pytest.raises(ConfigurationError, match="manifest"):
            async for _ in upload:
                pass


def test_applicants_travel_sealed_and_are_read_with_the_key_of_this_run_only():
    tasks = [ApplicantTask(applicant_id="a" * 36, allowed=1, wanted=[wanted("https://x.example/Canaryname")])]
    shard = Seal("run").shard(1, tasks, KEY)
    sent = pickle.dumps(shard) + repr(shard).encode()
    for secret in (KEY, "Canaryname", "a" * 36):
        assert secret.encode() not in sent
    (read,) = Seal("run").tasks(shard, KEY)
    assert (read.applicant_id, read.allowed, read.wanted[0].callback_url) == (
        "a" * 36,
        1,
        tasks[0].wanted[0].callback_url,
    )
    for seal, key in ((Seal("other"), KEY), (Seal("run"), "z" * 36)):
        with pytest.raises(KycaidError, match="another API key"):
            seal.tasks(shard, key)


def wanted(callback_url):
    return WantedVerification(form_id="f" * 36, rows=(), callback_url=callback_url, types=[CheckType.DOCUMENT])


class Unstartable:
    """Work that cannot be begun."""

    def items(self, _shard, _key):
        return [object()]

    def run(self, *_):
        raise KycaidError("away", retryable=True)


def test_a_shard_that_nobody_takes_any_more_is_for_another_worker(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", KEY)
    job = Job(name="j", work=Unstartable(), key_from="env:KYCAID_API_KEY", ledger="", connections=1, client={})
    pipeline = worker.Pipeline(job, None)
    pipeline._thread.join(30)
    monkeypatch.setattr(pipeline._loop, "call_soon_threadsafe", lambda *_: None)  # as in the moment before it closes
    assert pipeline.deliver(None).again


class Batches:
    """Work, and a run, that ends with the first that it gets, and keeps how many came with it."""

    summary = None
    progress = SimpleNamespace(concurrency=1, trouble="")

    def __init__(self):
        self.sizes = []

    def items(self, shard, _key):
        return [object() for _ in range(shard)]

    def run(self, _client, items, _ledger):
        self._items = items
        return self

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        pass

    async def __aiter__(self):
        self.sizes.append(len(await anext(self._items)))
        raise KycaidError("enough")
        yield


def test_the_rows_of_a_shard_come_together_so_that_they_share_what_is_asked_of_the_ledger(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", KEY)
    work = Batches()
    job = Job(name="j", work=work, key_from="env:KYCAID_API_KEY", ledger="", connections=1, client={})
    outcome = worker.Pipeline(job, None).deliver(200)
    assert outcome.error.message == "enough"
    assert work.sizes == [200]


def test_a_worker_that_hears_nothing_from_the_scheduler_for_a_lease_gives_shards_back():
    job = Job(name="j", work=Unstartable(), key_from="", ledger="", connections=1, lease=0.1, client={})
    plugin = worker.KycaidPlugin(job)
    plugin._heard = float("-inf")
    assert plugin.deliver(None).again
    assert plugin._pipeline is None


def test_a_shard_that_comes_before_the_plugin_was_set_up_is_taken(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", KEY)
    monkeypatch.setattr(worker, "get_worker", lambda: None)
    monkeypatch.setattr(worker, "pace_of", lambda *_: None)
    job = Job(name="j", work=Unstartable(), key_from="env:KYCAID_API_KEY", ledger="", connections=1, client={})
    plugin = pickle.loads(pickle.dumps(worker.KycaidPlugin(job)))  # noqa: S301 - as Dask sends it
    outcome = plugin.deliver(None)
    assert outcome.again
    assert outcome.error.message == "away"


def test_a_worker_that_knows_nothing_of_a_run_says_so(monkeypatch):
    monkeypatch.setattr(worker, "get_worker", lambda: SimpleNamespace(plugins={}))
    with pytest.raises(worker.UnknownRunError):
        worker.deliver("kycaid-gone", None)


async def test_an_engine_needs_a_ledger_that_can_be_shared(tmp_path):
    async with AsyncKycaid(KEY) as client:
        with pytest.raises(ConfigurationError, match="postgresql"):
            client.bulk.upload(tmp_path / "m.csv", ledger="l.db", engine=DaskEngine("tcp://x:1"))
        with pytest.raises(ConfigurationError, match="postgresql"):
            client.bulk.verify([], form_id="f" * 36, ledger="l.db", engine=DaskEngine("tcp://x:1"))
