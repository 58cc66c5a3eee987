"""A client that was made, and used, before Celery forked its workers."""

import importlib.util
import os
import subprocess
import sys

import pytest

from kycaid_async.testing import Sandbox

pytestmark = [
    pytest.mark.skipif(importlib.util.find_spec("celery") is None, reason="Celery is not installed"),
    pytest.mark.skipif(sys.platform == "win32", reason="Celery has no prefork pool on Windows"),
]

TASKS = """
from pathlib import Path
from celery import Celery
from kycaid_async import Kycaid, Person

here = Path(__file__).parent
for name in ("queue", "results"):
    (here / name).mkdir(exist_ok=True)

app = Celery("tasks", broker="filesystem://", backend=f"file://{here / 'results'}")
app.conf.broker_transport_options = {"data_folder_in": here / "queue", "data_folder_out": here / "queue"}
app.conf.broker_connection_retry_on_startup = False

client = Kycaid()
applicant = client.applicants.create(Person(first_name="Jane"))  # before the fork


@app.task
def ask():
    return client.applicants.get(applicant).applicant_id == applicant
"""

CALLER = """
from tasks import ask

print([answer.get(timeout=120) for answer in [ask.delay() for _ in range(6)]])
"""


def test_a_client_made_at_import_works_in_the_processes_of_a_worker(tmp_path):
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    (tmp_path / "caller.py").write_text(CALLER, encoding="utf-8")
    words = [sys.executable, "-m", "celery", "-A", "tasks", "worker", "--pool", "prefork", "--concurrency", "2"]
    with Sandbox() as sandbox, (tmp_path / "log").open("w+", encoding="utf-8") as log:
        environment = os.environ | {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url}
        worker = subprocess.Popen(
            [*words, "--loglevel", "WARNING"], cwd=tmp_path, env=environment, stdout=log, stderr=log
        )
        try:
            done = subprocess.run(
                [sys.executable, "caller.py"],
                check=False,
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                timeout=150,
            )
        finally:
            worker.terminate()
            worker.wait(60)
    assert done.stdout.strip() == str([True] * 6), done.stderr + (tmp_path / "log").read_text(encoding="utf-8")
