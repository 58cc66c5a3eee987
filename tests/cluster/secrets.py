"""A search for the key and for canaries of personal data where others can look during a run on a cluster."""

import pickle
import re
import subprocess
import urllib.error
import urllib.request
from contextlib import suppress

_PAGES = (
    "info/main/workers.html",
    "info/logs.html",
    "json/counts.json",
    "json/index.html",
    "statistics",
    "sitemap.json",
)
"""Where a walk through Dask's pages begins."""
_MOST_PAGES = 60
_DUMP = """
SELECT string_agg(query_to_xml(format('SELECT * FROM %I', table_name), true, true, '')::text, '')
FROM information_schema.tables WHERE table_schema = 'public'
"""
MARKS = {
    "ps": "tests.cluster.driver",
    "Dask's pages": "kycaid-",
    "the task graph": "kycaid-",
    "the ledger": "<state>",
    "pg_stat_activity": "kycaid_async",
    "the logs": "distributed.",
}
"""What is to be seen at each place, if it was looked at."""
MARK_OF_REDIS = {"Redis": "kycaid"}


def leaks(secrets, *, dask, ledger, logs, pace=""):
    """Return where one of ``secrets`` can be read, and which places were looked at."""
    places = dict(_places(dask, ledger, logs, pace))
    found = {f"{place} shows {secret}" for place, text in places.items() for secret in secrets if secret in text}
    marks = MARKS | MARK_OF_REDIS
    return found, {place for place, text in places.items() if marks[place] in text}


def _places(dask, ledger, logs, pace):
    import psycopg
    import redis

    yield "ps", subprocess.run(["/bin/ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    yield "Dask's pages", "".join(_pages(dask.page))
    with suppress(OSError, TimeoutError):
        yield "the task graph", _task_graph(dask.address)
    with suppress(psycopg.Error), psycopg.connect(ledger.replace("+psycopg", "")) as database:
        yield "the ledger", str(database.execute(_DUMP).fetchall())
        yield "pg_stat_activity", str(database.execute("SELECT * FROM pg_stat_activity").fetchall())
    yield "the logs", "".join(log.read_text(errors="replace") for log in logs)
    if pace:
        with suppress(redis.RedisError), redis.Redis.from_url(pace) as store:
            yield "Redis", "".join(f"{key} {_value(store, key)}" for key in store.scan_iter())


def _pages(address):
    """Give Dask's pages, and those that they lead to."""
    to_see, seen = list(_PAGES), set()
    while to_see and len(seen) < _MOST_PAGES:
        name = to_see.pop(0)
        if name in seen:
            continue
        seen.add(name)
        with suppress(OSError), _opened(f"http://{address}/{name}") as answer:
            text = answer.read().decode(errors="replace")
            yield text
            links = re.findall(r'href="(?:\.\./)*(?:/)?((?:info/|json/)?[^":#]+)"', text)
            to_see += [link if link.startswith(("info/", "json/")) else f"info/{link}" for link in links]


def _opened(url):
    try:
        return urllib.request.urlopen(url, timeout=5)
    except urllib.error.HTTPError as error:  # a page that this version of Dask does not have is an answer as well
        return error


def _task_graph(address):
    from distributed import Client

    with Client(address, timeout=5, set_as_default=False) as client:
        return client.run_on_scheduler(tasks_of)


def tasks_of(dask_scheduler):
    """Return all that the scheduler holds of tasks and of what workers were given, as text."""
    tasks = [(str(key), task.run_spec, task.annotations) for key, task in dask_scheduler.tasks.items()]
    return pickle.dumps([tasks, dask_scheduler.worker_plugins]).decode("latin-1") + str(tasks)


def _value(store, key):
    read = {"string": store.get, "hash": store.hgetall, "zset": lambda key: store.zrange(key, 0, -1, withscores=True)}
    read |= {"set": store.smembers, "list": lambda key: store.lrange(key, 0, -1), "stream": store.xrange}
    kind = store.type(key).decode()
    return None if kind == "none" else read[kind](key)  # it was there when the keys were listed
