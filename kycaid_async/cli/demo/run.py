"""``kycaid demo``: from files to reviewed documents."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path

import anyio
import attrs

from kycaid_async.cli.demo.cases import Case, cases_in
from kycaid_async.cli.demo.job import Job
from kycaid_async.cli.demo.report import Report
from kycaid_async.cli.demo.screen import Screen
from kycaid_async.cli.problems import Problem
from kycaid_async.client import AsyncKycaid


@attrs.frozen(kw_only=True)
class Plan:
    """What the user asked for."""

    folder: Path | None = None
    """Where the files are; None to draw specimens."""
    document_type: str
    base_url: str | None = None
    """The server; None for a sandbox of our own."""
    proxy: str | None = attrs.field(default=None, repr=False)
    """None for that of the environment."""
    api_key: str | None = attrs.field(default=None, repr=False)
    concurrency: int
    wait: float
    """Seconds to wait for the reviews."""
    as_json: bool = False


def run(plan: Plan) -> Report:
    """Do what ``plan`` says, print the outcome and return it. Raises `UsageProblem` and `KycaidError`."""
    screen = Screen(quiet=plan.as_json)
    with _cases(plan, screen) as cases:
        report = anyio.run(partial(_send, plan, cases, screen))
    if plan.as_json:
        screen.json(report)
    else:
        screen.table(report)
    return report


@contextmanager
def _cases(plan: Plan, screen: Screen) -> Iterator[list[Case]]:
    if plan.folder is not None:
        yield cases_in(plan.folder, document_type=plan.document_type)
        return
    from kycaid_async.cli.demo.people import specimens
    from kycaid_async.cli.demo.specimens import draw_into

    try:
        temporary = tempfile.TemporaryDirectory(prefix="kycaid-specimens-")
    except OSError as error:
        raise Problem(
            f"no temporary folder can be made ({error.strerror}): set TMPDIR (TEMP on Windows) to one to write to"
        ) from error
    with temporary as folder:
        yield [draw_into(Path(folder), specimen) for specimen in screen.track("Drawing specimens", specimens())]


async def _send(plan: Plan, cases: list[Case], screen: Screen) -> Report:
    async with _client(plan, screen) as client:
        with screen.progress(cases) as watcher:
            return await Job(client, cases, workers=plan.concurrency, wait=plan.wait, watcher=watcher).run()


@asynccontextmanager
async def _client(plan: Plan, screen: Screen) -> AsyncIterator[AsyncKycaid]:
    if plan.base_url is not None:
        async with AsyncKycaid(
            plan.api_key,
            base_url=plan.base_url,
            max_connections=plan.concurrency,
            proxy=plan.proxy,
            trust_env=True,
        ) as client:
            screen.say(f"Sending to {plan.base_url}")
            yield client
        return
    from kycaid_async.sandbox import Sandbox

    async with (
        Sandbox() as sandbox,
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_connections=plan.concurrency) as client,
    ):
        screen.say(f"Sending to a sandbox on {sandbox.url}")
        yield client
