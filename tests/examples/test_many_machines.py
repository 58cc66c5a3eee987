"""The programs of `kycaid_async/examples` for many machines: on Dask as in Kubernetes, and in the workers of Celery."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import jsonschema_rs
import pytest
import yaml

from tests.cluster import server
from tests.cluster.manifests import write_manifest
from tests.cluster.services import Dask, postgresql
from tests.examples.places import EXAMPLES

KEY = "0123456789abcdef0123456789abcdef0123"
KUBERNETES = EXAMPLES / "kubernetes"
SCHEMA = json.loads((Path(__file__).parent / "daskjob.schema.json").read_text("utf-8"))


@pytest.fixture
def stack():
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def job():
    return yaml.safe_load((KUBERNETES / "job.yaml").read_text("utf-8"))["spec"]


def pods(job):
    cluster = job["cluster"]["spec"]
    return {"job": job["job"]["spec"], **{name: cluster[name]["spec"] for name in ("worker", "scheduler")}}


def test_the_manifest_has_the_fields_that_the_operator_and_kubernetes_ask_for():
    jsonschema_rs.validate(SCHEMA, yaml.safe_load((KUBERNETES / "job.yaml").read_text("utf-8")))


@pytest.mark.parametrize(
    "gone", [("cluster",), ("job", "spec", "containers"), ("cluster", "spec", "scheduler", "service")]
)
def test_a_manifest_without_one_of_them_would_be_found(job, gone):
    place = job
    for name in gone[:-1]:
        place = place[name]
    del place[gone[-1]]
    whole = yaml.safe_load((KUBERNETES / "job.yaml").read_text("utf-8")) | {"spec": job}
    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.validate(SCHEMA, whole)


def test_all_that_a_container_mounts_is_a_volume_of_its_pod_and_all_run_the_same_image(job):
    for pod in pods(job).values():
        volumes = {volume["name"] for volume in pod.get("volumes", ())}
        assert {mount["name"] for one in pod["containers"] for mount in one.get("volumeMounts", ())} == volumes
    assert len({one["image"] for pod in pods(job).values() for one in pod["containers"]}) == 1


def test_job_and_workers_mount_the_secret_where_the_program_looks_and_the_scheduler_does_not(job):
    place = (KUBERNETES / "upload.py").read_text("utf-8").split('"SECRETS", "')[1].split('"')[0]
    mounted = {
        name: {mount["mountPath"] for one in pod["containers"] for mount in one.get("volumeMounts", ())}
        for name, pod in pods(job).items()
    }
    assert {name for name, paths in mounted.items() if place in paths} == {"job", "worker"}
    assert "secret" not in json.dumps(job["cluster"]["spec"]["scheduler"])
    assert KEY not in (KUBERNETES / "job.yaml").read_text("utf-8")


def test_the_ports_of_the_scheduler_are_those_of_its_service(job):
    scheduler = job["cluster"]["spec"]["scheduler"]
    ports = {port["name"]: port["containerPort"] for port in scheduler["spec"]["containers"][0]["ports"]}
    assert {port["targetPort"]: port["port"] for port in scheduler["service"]["ports"]} == ports


def test_the_program_of_the_job_delivers_a_manifest_by_a_key_in_a_file(tmp_path, stack):
    _, ledger = postgresql(stack)
    url = stack.enter_context(server.running())
    manifest = write_manifest(tmp_path, 40, contents=40)
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    (secrets / "api-key").write_text(f"{KEY}\n")
    (secrets / "ledger-url").write_text(f"{ledger}\n")
    dask = Dask(stack, key="", log=tmp_path / "dask.log")
    dask.replace_dead(2)
    env = {name: value for name, value in os.environ.items() if name != "KYCAID_API_KEY"}
    env |= {"SECRETS": str(secrets), "DASK_SCHEDULER_ADDRESS": dask.address, "KYCAID_BASE_URL": url}
    command = [sys.executable, str(KUBERNETES / "upload.py"), str(manifest)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "40 created" in done.stdout
    assert set(server.made(url)["documents"].values()) == {1}
    assert KEY not in (tmp_path / "dask.log").read_text()


TASKS = """
import bulk_tasks

bulk_tasks.app.conf.broker_transport_options = {"data_folder_in": "queue", "data_folder_out": "queue"}
bulk_tasks.app.conf.result_backend = "file://results"
app, deliver = bulk_tasks.app, bulk_tasks.deliver
"""
CALLER = """
import sys
from tasks import deliver

print([answer.get(timeout=120) for answer in [deliver.delay(manifest) for manifest in sys.argv[1:]]])
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Celery has no prefork pool on Windows")
def test_celery_delivers_manifests_side_by_side_and_one_that_is_sent_twice_only_once(tmp_path, stack):
    _, ledger = postgresql(stack)
    url = stack.enter_context(server.running())
    manifest = write_manifest(tmp_path, 40, contents=40)
    for name in ("queue", "results"):
        (tmp_path / name).mkdir()
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "caller.py").write_text(CALLER)
    env = os.environ | {"KYCAID_API_KEY": KEY, "KYCAID_BASE_URL": url, "KYCAID_LEDGER_URL": ledger}
    env |= {"BROKER_URL": "filesystem://", "PYTHONPATH": os.pathsep.join([str(EXAMPLES), *sys.path])}
    words = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "2"]
    log = stack.enter_context((tmp_path / "log").open("w+"))
    worker = subprocess.Popen([*words, "--loglevel", "WARNING"], cwd=tmp_path, env=env, stdout=log, stderr=log)
    stack.callback(lambda: (worker.terminate(), worker.wait(60)))
    command = [sys.executable, "caller.py", str(manifest), str(manifest)]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=False, timeout=150)
    assert done.returncode == 0, done.stderr + (tmp_path / "log").read_text()
    assert set(server.made(url)["documents"].values()) == {1}
    assert len(server.made(url)["documents"]) == 40
    assert done.stdout.count("'failed': 0, 'uncertain': 0") == 2
