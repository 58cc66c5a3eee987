"""Two uvicorn workers that share a store, each callback to both at the same moment, one worker killed half-way.

``python -m tests.web.two_workers`` prints what became of 1,000 in each shared store, ``… redis --events 100`` of 100 in
one; with ``memory``, which each process has for itself, it shows that this is needed.
"""

import argparse
import asyncio
import itertools
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import aiohttp
import attrs

from kycaid_async.testing import signed_callback
from tests.callbacks import servers
from tests.callbacks.messages import COMPLETED, KEY
from tests.figures import add_option, record

ROOT = Path(__file__).parent.parent.parent
SHARED = ("redis", "postgresql", "sqlite", "django")
STORES = (*SHARED, "memory")  # the last one is that of each process
AT_ONCE = 20


@attrs.frozen
class Figures:
    events: int
    begun: Counter
    done: Counter
    answers: Counter
    killed: bool
    seconds: float

    @property
    def each_once(self):
        return self.killed and len(self.done) == self.events and set(self.done.values()) == {1}

    def __str__(self):
        times = dict(sorted(Counter(self.done.values()).items()))
        again = sum(count > 1 for count in self.begun.values())
        return (
            f"{self.events} events, each delivered twice at once, a worker killed half-way: {self.killed}; "
            f"events by the times that they were handled: {times}; begun again after the kill: {again}; "
            f"answers: {dict(self.answers)}; {self.seconds:.1f} s"
        )


@contextmanager
def database(name, folder):
    """Run what the store needs, and yield its URL."""
    if name == "redis":
        with servers.redis_server() as url:
            yield url
    elif name == "memory":
        yield ""
    elif name in ("postgresql", "django"):
        with servers.postgres() as url:
            yield url if name == "django" else f"postgresql+asyncpg://kycaid@{url}"
    else:
        yield f"sqlite+aiosqlite:///{folder}/seen.db"


def create_table(name, url):
    if name == "django":
        # In a process of its own, because the settings of Django are those of a process.
        program = (
            "from django.core.management import call_command; from tests.web.worker import django_store; "
            f"django_store({url!r}); call_command('migrate', verbosity=0)"
        )
        subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True)
    elif name in ("postgresql", "sqlite"):
        asyncio.run(create_sql_table(url))


async def create_sql_table(url):
    from sqlalchemy.ext.asyncio import create_async_engine

    from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore

    engine = create_async_engine(url)
    await SQLAlchemySeenStore(engine).create_table()
    await engine.dispose()


@contextmanager
def worker(name, url, log, dies_at):
    """Run a worker, and yield its process and its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        number = listening.fileno()
        running = subprocess.Popen(
            [sys.executable, "-m", "tests.web.worker", name, url, str(number), log, str(dies_at)],
            cwd=ROOT,
            pass_fds=[number],
        )
        address = f"http://127.0.0.1:{listening.getsockname()[1]}/kycaid"
    try:
        yield running, address
    finally:
        running.kill()
        running.wait()


async def deliver(session, callback, urls, answers):
    """Deliver as KYCAID does: again and again until it is answered with 200, to the other worker where one is dead."""
    for url in itertools.cycle(urls):
        with suppress(aiohttp.ClientError, OSError, TimeoutError):
            async with session.post(url, data=callback.body, headers=callback.headers) as response:
                text = await response.text()
                answers[f"{response.status} {text if response.status == 200 else ''}"] += 1
                if response.status == 200:
                    return
        await asyncio.sleep(0.01)


async def ready(session, url):
    """Wait until a worker answers: the socket listens before it does."""
    async with session.get(url) as response:
        assert response.status == 405


async def deliver_all(count, addresses):
    answers, gate, others = Counter(), asyncio.Semaphore(min(AT_ONCE, count // 10)), addresses[::-1]
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=60)
    ) as session:

        async def twice(number):
            callback = signed_callback(COMPLETED | {"request_id": f"{number:036}"}, KEY)
            async with gate:
                await asyncio.gather(*[deliver(session, callback, urls, answers) for urls in (addresses, others)])

        for url in addresses:
            await ready(session, url)
        await asyncio.gather(*map(twice, range(count)))
    return answers


def run(name, events):
    """Return the figures of one run."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        url = stack.enter_context(database(name, folder))
        create_table(name, url)
        log = Path(folder, "log")
        dies_at = events // 4 if name != "memory" else 0  # then it is the copies that are to be seen
        workers = [stack.enter_context(worker(name, url, str(log), dies_at)) for _ in range(2)]
        begun = time.monotonic()
        answers = asyncio.run(deliver_all(events, [address for _, address in workers]))
        seconds = time.monotonic() - begun
        ends = [running.poll() for running, _ in workers]
        assert None in ends, ends
        notes = Counter(tuple(line.split()[:2]) for line in log.read_text().splitlines())
        of = {word: Counter({ref: n for (w, ref), n in notes.items() if w == word}) for word in ("begun", "done")}
        return Figures(events, of["begun"], of["done"], answers, -signal.SIGKILL in ends, seconds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stores", nargs="*", metavar="STORE", help=f"any of {', '.join(STORES)}")
    parser.add_argument("--events", type=int, default=1000)
    add_option(parser)
    options = parser.parse_args()
    if not set(options.stores) <= set(STORES):
        parser.error(f"a store is one of {', '.join(STORES)}")
    runs = []
    for store in options.stores or SHARED:
        runs.append(run(store, options.events))
        print(f"{store}: {runs[-1]}", flush=True)
    if options.record:
        handled = Counter(figures.done[reference] for figures in runs for reference in figures.begun)
        record(
            "two_workers",
            f"callbacks, each to two workers at once, of which one is killed ({', '.join(options.stores or SHARED)})",
            {
                "callbacks": sum(figures.events for figures in runs),
                "handled once": handled[1],
                "handled again": sum(handled.values()) - handled[1] - handled[0],
                "lost": sum(figures.events - len(figures.done) for figures in runs),
            },
        )
    sys.exit(not all(figures.each_once for figures in runs))
