"""What the progress of an upload says about what slows it down."""

from pathlib import Path

import pytest

from kycaid_async.bulk.row import BulkProgress, BulkSummary
from kycaid_async.cli.upload.screen import Standing
from kycaid_async.cli.upload.stats import UploadStats


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def account(clock):
    account = UploadStats(manifest=Path("m.csv"), server="https://api.kycaid.com", rows=1000, clock=clock)
    account.begin(BulkSummary(created=10))
    return account


def remark(account, at_once=8, trouble=""):
    progress = BulkProgress(
        summary=account.summary,
        in_flight=at_once,
        concurrency=at_once,
        documents_per_second=5.0,
        bytes_per_second=1000.0,
        trouble=trouble,
    )
    return Standing.of(account, progress).remark


def test_nothing_is_said_while_nothing_is_in_its_way(account):
    assert remark(account) == ""


def test_a_server_that_refuses_is_named_until_it_has_not_refused_for_a_while(account, clock):
    account.summary.refusals = 3
    assert remark(account) == "slower, because the server refuses some requests for now (3 so far)"
    clock.now = 29.0
    account.summary.created += 1
    assert "refuses" in remark(account)
    clock.now = 31.0
    account.summary.created += 1
    assert remark(account) == ""


def test_a_server_that_answers_late_is_named(account):
    assert remark(account, 64) == ""
    assert remark(account, 32) == "slower, because answers take longer than they did: 32 at once, not 64"


def test_silence_comes_first(account, clock):
    account.summary.refusals = 3
    remark(account)
    clock.now = 12.0
    assert remark(account) == "no answer for 12 s"


def test_what_came_in_place_of_answers_is_named_at_once_and_beside_a_silence(account, clock):
    trouble = "files.create: no connection to the proxy (refused). It was not processed; it may be repeated."
    assert remark(account, trouble=trouble) == "", "nothing is slower yet"
    assert remark(account, 64) == ""
    assert remark(account, 4, trouble) == "slower, for now: files.create: no connection to the proxy (refused)"
    clock.now = 12.0
    assert remark(account, 4, trouble) == "no answer for 12 s: files.create: no connection to the proxy (refused)"
