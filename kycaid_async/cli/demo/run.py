"""``kycaid demo``: from files to reviewed documents."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import TypedDict, Unpack

import attrs

from kycaid_async.api.documents.fields import DocumentType
from kycaid_async.cli.credentials import KEY_IS_NEEDED
from kycaid_async.cli.demo.files import DemoFile, files_in
from kycaid_async.cli.demo.job import DemoJob
from kycaid_async.cli.demo.report import DemoReport
from kycaid_async.cli.demo.screen import DemoScreen
from kycaid_async.cli.problems import Problem, UsageProblem
from kycaid_async.client import AsyncKycaid
from kycaid_async.signals import run_async


class DemoChoices(TypedDict):
    """Options that are passed on as they were given."""

    concurrency: int
    wait: float
    as_json: bool


@attrs.frozen(kw_only=True)
class DemoOptions:
    """The options of a demo, checked."""

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


def options_of(
    *,
    folder: Path | None,
    document_type: str | None,
    base_url: str | None,
    proxy: str | None,
    api_key: str | None,
    **choices: Unpack[DemoChoices],
) -> DemoOptions:
    """Return the options for what was given. Raises `UsageProblem` for what cannot work."""
    if folder is not None and not folder.is_dir():
        raise UsageProblem(f"--folder: {folder} {'is not a folder' if folder.exists() else 'does not exist'}")
    kind = _document_type(document_type, folder)
    if proxy is not None and base_url is None:
        raise UsageProblem("--proxy: a sandbox on this machine needs none; give --base-url too")
    if base_url is not None and not api_key:
        raise UsageProblem(f"--base-url: {KEY_IS_NEEDED}")
    return DemoOptions(folder=folder, document_type=kind, base_url=base_url, proxy=proxy, api_key=api_key, **choices)


def _document_type(name: str | None, folder: Path | None) -> str:
    if name is None:
        return DocumentType.GOVERNMENT_ID
    if folder is None:
        raise UsageProblem("--type: says what the files in --folder are; give --folder too")
    found = DocumentType(name.strip().upper().replace("-", "_"))
    if not found.is_known:
        raise UsageProblem(f"--type: expected one of {', '.join(DocumentType)}")
    return found


def run(options: DemoOptions) -> DemoReport:
    """Do what ``options`` say, print the outcome and return it. Raises `UsageProblem` and `KycaidError`."""
    screen = DemoScreen(quiet=options.as_json)
    with _files(options, screen) as files:
        report = run_async(partial(_send, options, files, screen))
    if options.as_json:
        screen.json(report)
    else:
        screen.table(report)
    return report


@contextmanager
def _files(options: DemoOptions, screen: DemoScreen) -> Iterator[list[DemoFile]]:
    if options.folder is not None:
        yield files_in(options.folder, document_type=options.document_type)
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


async def _send(options: DemoOptions, files: list[DemoFile], screen: DemoScreen) -> DemoReport:
    async with _client(options, screen) as client:
        with screen.progress(files) as watcher:
            job = partial(DemoJob, client, files, workers=options.concurrency, wait=options.wait, watcher=watcher)
            if options.folder is not None or options.base_url is not None:
                return await job().run()
            from kycaid_async.sandbox.data.account import FORMS

            return await job(verifies=(FORMS[0].id, files[0].path.parent / "ledger")).run()


@asynccontextmanager
async def _client(options: DemoOptions, screen: DemoScreen) -> AsyncIterator[AsyncKycaid]:
    if options.base_url is not None:
        async with AsyncKycaid(
            options.api_key,
            base_url=options.base_url,
            max_connections=options.concurrency,
            proxy=options.proxy,
            trust_env=True,
        ) as client:
            screen.say(f"Sending to {options.base_url}")
            yield client
        return
    from kycaid_async.sandbox import Sandbox

    async with (
        Sandbox() as sandbox,
        AsyncKycaid(sandbox.api_key, base_url=sandbox.url, max_connections=options.concurrency) as client,
    ):
        screen.say(f"Sending to a sandbox on {sandbox.url}")
        yield client
