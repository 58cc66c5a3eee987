"""Two workers that share a store handle each event once, also when one of them is killed."""

import importlib.util
import sys

import pytest

from tests.web import two_workers

LIBRARIES = {
    "redis": ["redis"],
    "postgresql": ["sqlalchemy", "asyncpg"],
    "sqlite": ["sqlalchemy", "aiosqlite"],
    "django": ["psycopg"],
}

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets are handed on by their number")


@pytest.mark.parametrize("store", two_workers.SHARED)
def test_each_event_is_handled_once_by_two_workers_of_which_one_is_killed(store):
    for library in LIBRARIES[store]:
        if importlib.util.find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    figures = two_workers.run(store, 60)
    assert figures.each_once, str(figures)
    assert figures.answers['200 {"status":"ok"}'] == figures.answers['200 {"status":"duplicate"}'] == 60, str(figures)


def test_with_a_store_of_its_own_each_worker_handles_each_event():
    figures = two_workers.run("memory", 60)
    assert set(figures.done.values()) == {2}, str(figures)
