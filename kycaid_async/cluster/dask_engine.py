"""The engine that carries uploads out with Dask."""

import asyncio
import contextlib
import logging
import os
import secrets
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import attrs

from kycaid_async.extras import missing

try:
    from distributed import Client, LocalCluster
except ImportError as error:
    raise missing("cluster", error) from error

from kycaid_async.api.section import Caller
from kycaid_async.bulk.ledger.opening import has_password, is_shared
from kycaid_async.bulk.options import RunPlan
from kycaid_async.bulk.upload import BulkUpload, Source, UploadPlan
from kycaid_async.bulk.verify import BulkVerify, VerifyPlan, VerifyRows
from kycaid_async.cluster.cluster_upload import ClusterUpload
from kycaid_async.cluster.cluster_verify import ClusterVerify
from kycaid_async.cluster.dispatch import Connect, Dispatch
from kycaid_async.cluster.messages import Job, ShardWork, client_options
from kycaid_async.errors import ConfigurationError
from kycaid_async.timing import Timing
from kycaid_async.transport.settings import Settings

_KEY: Final = "env:KYCAID_API_KEY"
_THREADS: Final = 2
"""Shards that a worker of our own cluster has at once, so that it need not wait for the next one."""


@attrs.frozen(kw_only=True)
class _Places:
    """Places where workers find what is secret."""

    key_from: str
    ledger: str
    ledger_from: str
    pace_from: str


class DaskEngine:
    """Carries uploads and verifications out on the workers of Dask: ``client.bulk.upload(path, engine=DaskEngine(…))``.

    ``cluster``: the address of a scheduler (``tcp://scheduler:8786``), a ``Client`` or a cluster of ``distributed``, or
    the options of a ``LocalCluster``, such as ``{"n_workers": 4}``, which lasts as long as the run. Default: a worker
    for each core of this machine. All workers need this package with its extra ``cluster``, and see the manifest and
    its files under the same paths.

    * ``key_from``: where a worker finds the API key: ``env:NAME`` or ``file:/path``, ``env:KYCAID_API_KEY`` by default.
      It never travels. Workers of a ``LocalCluster`` of ours read it from a file that nobody else can read, and that
      is gone with the run.
    * ``ledger_from``: the same for the URL of the ledger, which must not travel when there is a password in it.
    * ``connections``: how many requests all workers together may have under way, divided among those that are there.
      Default: the client's ``max_connections`` for each worker.
    * Workers keep to one pace: they agree on it in the Redis that ``KYCAID_PACE_URL`` names where they run (for a
      cluster of ours also that of the client), and without one their scheduler divides it among them.
    * The client's ``hooks`` are told of results only; a ``proxy`` or an ``ssl_context`` is refused: it does not travel.

    Raises `ModuleNotFoundError` when the extra is not installed.
    """

    def __init__(
        self,
        cluster: "str | Client | LocalCluster | Mapping[str, Any] | None" = None,
        *,
        key_from: str | None = None,
        ledger_from: str | None = None,
        connections: int | None = None,
    ) -> None:
        self._cluster = cluster
        self._key_from = key_from
        self._ledger_from = ledger_from
        self._connections = connections

    def upload(
        self, source: Source, plan: UploadPlan, *, caller: Caller, settings: Settings, timing: Timing
    ) -> BulkUpload:
        """Return a run over ``source``: what ``client.bulk.upload`` does with an engine."""
        self._check_shared(plan)
        return ClusterUpload(self, source, plan, caller=caller, settings=settings, timing=timing)

    def verify(
        self, rows: VerifyRows, plan: VerifyPlan, *, caller: Caller, settings: Settings, timing: Timing
    ) -> BulkVerify:
        """Return a run over ``rows``: what ``client.bulk.verify`` does with an engine."""
        self._check_shared(plan)
        return ClusterVerify(self, rows, plan, caller=caller, settings=settings, timing=timing)

    def _check_shared(self, plan: RunPlan) -> None:
        if not is_shared(plan.ledger) and self._ledger_from is None:
            raise ConfigurationError(
                "engine: workers share a ledger in a database: pass ledger='postgresql+psycopg://…' (--ledger-url)"
            )

    @contextlib.asynccontextmanager
    async def dispatch(
        self, work: ShardWork, plan: RunPlan, *, settings: Settings, timing: Timing, drained: asyncio.Event
    ) -> AsyncIterator[Dispatch]:
        """Give what hands out shards, with the cluster it hands them to."""
        async with contextlib.AsyncExitStack() as stack:
            places = stack.enter_context(self._places(plan, settings))
            connect = await stack.enter_async_context(self._connecting())
            job = Job(
                name=f"kycaid-{secrets.token_hex(6)}",
                work=work,
                connections=settings.max_connections,
                all_together=self._connections,
                lease=plan.ledger_lease,
                client=client_options(settings),
                **attrs.asdict(places),
            )
            dispatch = Dispatch(job, connect, timing, plan.give_up_after, drained)
            stack.push_async_callback(dispatch.close)
            yield dispatch

    @property
    def _is_own(self) -> bool:
        return self._cluster is None or isinstance(self._cluster, Mapping)

    @contextlib.contextmanager
    def _places(self, plan: RunPlan, settings: Settings) -> Iterator[_Places]:
        """Give the places of all secrets; for a cluster of our own, in a folder that only this user can read."""
        url = os.fspath(plan.ledger) if plan.ledger is not None else ""
        ledger_from = self._ledger_from or ""
        is_secret, pace, pace_from = not ledger_from and has_password(url), settings.pace, ""
        with contextlib.ExitStack() as stack:
            key_from = self._key_from
            if self._is_own:
                folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="kycaid-")))
                key_from = key_from or _kept(folder / "key", settings.api_key.reveal())
                ledger_from = _kept(folder / "ledger", url) if is_secret else ledger_from
                pace_from = _kept(folder / "pace", pace) if isinstance(pace, str) else pace_from
            elif is_secret:
                raise ConfigurationError(
                    "engine: the URL of the ledger has a password in it, and is not sent to workers: name a place "
                    "where they find it (ledger_from='env:KYCAID_LEDGER_URL'), or give them the password by PGPASSWORD"
                )
            ledger = "" if ledger_from else url
            yield _Places(key_from=key_from or _KEY, ledger=ledger, ledger_from=ledger_from, pace_from=pace_from)

    @contextlib.asynccontextmanager
    async def _connecting(self) -> AsyncIterator[Connect]:
        """Give what connects to the scheduler."""
        cluster: Any = self._cluster
        security: Any = None
        make_client: Callable[..., Any] = Client  # which has no types
        make_cluster: Callable[..., Any] = LocalCluster
        async with contextlib.AsyncExitStack() as stack:
            if cluster is None or isinstance(cluster, Mapping):
                cluster = await stack.enter_async_context(make_cluster(**_local(cluster or {})))
            if isinstance(cluster, str):
                address = cluster
            elif isinstance(cluster, Client):
                scheduler: Any = cluster.scheduler
                address, security = scheduler.address, cluster.security
            else:
                address, security = cluster.scheduler_address, cluster.security

            async def connect() -> Any:
                return await make_client(
                    address, timeout=5, asynchronous=True, set_as_default=False, security=security or None
                )

            yield connect


def _local(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options of a cluster of processes, to which nobody else on this machine can connect."""
    ours = {
        "n_workers": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "threads_per_worker": _THREADS,
        "processes": True,
        "security": True,
        "dashboard_address": None,
        "silence_logs": logging.ERROR,
        "asynchronous": True,
    }
    return {**ours, **options}


def _kept(path: Path, text: str) -> str:
    """Keep a secret in a new file that only this user can read, and return its place."""
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")
    return f"file:{path}"
