"""Manifests delivered by Celery: any number of workers, with one ledger and one pace.

``celery -A bulk_tasks worker``, then ``deliver.delay("people.csv")`` anywhere. Set ``KYCAID_API_KEY``, the ledger in
``KYCAID_LEDGER_URL``, the broker in ``BROKER_URL``, and a Redis for the pace in ``KYCAID_PACE_URL``.
"""

import os

from celery import Celery

from kycaid_async import Kycaid, KycaidError

app = Celery("bulk_tasks", broker=os.environ["BROKER_URL"])
app.conf.task_acks_late = True  # a task whose worker dies runs again: the ledger knows what was done
app.conf.task_reject_on_worker_lost = True

client = Kycaid()


@app.task(bind=True, max_retries=10)
def deliver(self, manifest: str) -> dict[str, int]:
    """Deliver a manifest, which all workers see under this path, and return how its rows ended."""
    upload = client.bulk.upload(manifest, ledger=os.environ["KYCAID_LEDGER_URL"])
    try:
        for result in upload:
            if result.error is not None:
                print(f"{manifest}, line {result.row.line}: {result.status}, {type(result.error).__name__}")
    except KycaidError as error:  # the server or the database is away for longer than a run waits
        if error.retryable:
            raise self.retry(exc=error, countdown=60) from error
        raise
    summary = upload.summary
    names = ("created", "done_before", "failed", "uncertain")
    return {name: getattr(summary, name) for name in names}
