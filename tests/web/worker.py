"""One of two workers: ``python -m tests.web.worker STORE URL FD LOG DIES_AT`` serves callbacks on a listening socket.

Its handler notes in LOG when it begins and when it is done, as work that others can see. The first worker that has
begun as many as DIES_AT kills itself, in the middle of that handler and of all others that run.
"""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette

from kycaid_async.callbacks import Deduplicator, MemorySeenStore
from kycaid_async.web.starlette import callback_route
from tests.callbacks.messages import KEY

WORK_SECONDS = 0.01
LEASE = 10.0  # longer than a busy machine may stop a process for


def store_of(name, url):
    if name == "memory":
        return MemorySeenStore()
    if name == "redis":
        import redis.asyncio

        from kycaid_async.callbacks.redis import RedisSeenStore

        return RedisSeenStore(redis.asyncio.Redis.from_url(url))
    if name == "django":
        return django_store(url)
    from sqlalchemy.ext.asyncio import create_async_engine

    from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore

    waits = {"timeout": 60} if name == "sqlite" else {}
    return SQLAlchemySeenStore(create_async_engine(url, connect_args=waits))


def django_store(url):
    import django
    from django.conf import settings

    from kycaid_async.callbacks.django import DjangoSeenStore

    host, _, database = url.partition("/")
    host, _, port = host.partition(":")
    postgresql = {"NAME": database, "HOST": host, "PORT": port, "USER": "kycaid"}
    settings.configure(
        INSTALLED_APPS=["kycaid_async.web.django"],
        DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", **postgresql}},
    )
    django.setup()
    return DjangoSeenStore()


class Work:
    def __init__(self, log, dies_at, deduplicator):
        self.deduplicator, self.done = deduplicator, set()
        self.log = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.victim = Path(f"{log}.victim")
        self.dies_at, self.begun, self.is_dying = dies_at, 0, False

    def note(self, word, event):
        os.write(self.log, f"{word} {event.request_id} {os.getpid()}\n".encode())  # one write, so that lines stay whole

    async def handle(self, event):
        self.note("begun", event)
        self.begun += 1
        if self.begun == self.dies_at and self.is_first():
            await self.die()
        await asyncio.sleep(WORK_SECONDS)
        if self.is_dying:
            await asyncio.Event().wait()
        self.note("done", event)
        self.done.add(event.identity)

    def is_first(self):
        with contextlib.suppress(FileExistsError):
            self.victim.touch(exist_ok=False)
            return True
        return False

    async def die(self):
        """Let those that are done be marked, and nobody else be done: what is done and not marked is done again."""
        self.is_dying = True
        while self.done & set(self.deduplicator._running):
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)


def main(name, url, listening, log, dies_at):
    deduplicator = Deduplicator(store_of(name, url), lease=LEASE)
    route = callback_route(Work(log, int(dies_at), deduplicator).handle, KEY, deduplicator=deduplicator)
    uvicorn.run(Starlette(routes=[route]), fd=int(listening), lifespan="off", log_level="error")


if __name__ == "__main__":
    main(*sys.argv[1:])
