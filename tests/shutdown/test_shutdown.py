"""One case of each kind of the grid; ``python -m tests.shutdown`` makes all of it."""

import random
import sys

import pytest

from tests.shutdown.cases import Case, can_mount, cases, check

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals, limits and disks of POSIX")


@pytest.mark.parametrize(
    "case",
    [
        Case("verify", "SIGHUP"),
        Case("a callback's handler", "SIGTERM", 2),
        Case("the sandbox", "SIGHUP"),
        Case("a sandbox that keeps its data", "SIGTERM", 2),
        Case("a blocking call", "SIGTERM"),
        Case("upload", "16 open files"),
        Case("upload", "a full disk"),
    ],
    ids=str,
)
def test_it_ends_and_goes_on(case):
    if case.by == "a full disk" and not can_mount():
        pytest.skip("only root can mount a small disk")
    assert check(case, random.Random(1)) == []


def test_the_grid_has_every_kind_and_each_case_once():
    every = [str(case) for case in cases()]
    assert len(every) == len(set(every)) > 100
