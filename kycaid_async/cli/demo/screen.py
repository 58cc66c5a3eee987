"""The output of ``kycaid demo``: the table or the JSON on stdout, all else on stderr."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TypeVar

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from kycaid_async.api.documents.fields import DocumentStatus
from kycaid_async.bulk.results.verdict import WORDS
from kycaid_async.cli.demo.files import DemoFile
from kycaid_async.cli.demo.report import DemoReport, FileOutcome
from kycaid_async.cli.problems import one_line
from kycaid_async.cli.screen import console, size_text
from kycaid_async.values.decline_reasons import DeclineReason

T = TypeVar("T")

_STYLES = {"valid": "green", "invalid": "yellow", "failed": "bold red", "passed": "green", "declined": "yellow"}
# From here on a reason and its meaning stand on one line.
_WIDE = 110


class DemoScreen:
    """The console of ``kycaid demo``. ``quiet`` leaves out progress and remarks."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._out = console(sys.stdout)
        self._err = console(sys.stderr, quiet=quiet)

    def say(self, text: str) -> None:
        """Print a remark."""
        self._err.print(Text(one_line(text)))

    def track(self, doing: str, items: Sequence[T]) -> Iterator[T]:
        """Yield ``items`` and show how many are done."""
        with self._bars() as bars:
            yield from bars.track(items, description=doing)

    @contextmanager
    def progress(self, files: Sequence[DemoFile]) -> Iterator["Bars"]:
        """Show how far sending and reviewing are."""
        with self._bars() as bars:
            yield Bars(
                bars,
                sending=bars.add_task("Uploading files", total=len(files)),
                reviewing=bars.add_task("Reading reviews", total=len(files)),
            )

    def json(self, report: DemoReport) -> None:
        """Print the report as one JSON object."""
        sys.stdout.write(json.dumps(report.as_json(), indent=2) + "\n")

    def table(self, report: DemoReport) -> None:
        """Print one row per file, then the summary."""
        width = self._out.width
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        for title in ("Document", "Type", "Status"):
            table.add_column(title, no_wrap=True)
        table.add_column("Decline reason", overflow="fold")
        for outcome in report.outcomes:
            table.add_row(*_row(outcome, room=width * 3 // 10, joint=": " if width >= _WIDE else "\n"))
        if self._err.is_terminal:
            self._err.print()
        self._out.print(table)
        self._out.print()
        if report.people:
            self._out.print(_people(report, joint=": " if width >= _WIDE else "\n"))
            self._out.print()
            told = ", ".join(f"{count} {verdict}" for verdict, count in report.by_verdict().items())
            self._out.print(Text(f"{len(report.people)} people: {told}"))
        self._out.print(Text(summary(report)))

    @contextmanager
    def _bars(self) -> Iterator[Progress]:
        is_hidden = self._err.quiet or not self._err.is_terminal
        bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._err,
            disable=is_hidden,
        )
        with nullcontext() if is_hidden else bars:  # Rich before 14.3 ends hidden bars with an empty line
            yield bars


class Bars:
    """Moves the bars of a running job."""

    def __init__(self, bars: Progress, *, sending: TaskID, reviewing: TaskID) -> None:
        self._bars = bars
        self._sending = sending
        self._reviewing = reviewing

    def sent(self, outcome: FileOutcome) -> None:
        """Count a file; one that failed will have no review."""
        self._bars.advance(self._sending)
        if outcome.error is not None:
            self._bars.advance(self._reviewing)

    def reviewed(self, outcome: FileOutcome) -> None:  # noqa: ARG002 - others may want to know which
        """Count a review."""
        self._bars.advance(self._reviewing)


def summary(report: DemoReport) -> str:
    """Return the report in one line."""
    counts = report.by_status()
    waiting = counts.get(DocumentStatus.NEW, 0)
    parts = [
        f"{len(report.outcomes)} files",
        f"{report.documents} documents",
        f"{counts.get(DocumentStatus.INVALID, 0)} declined",
        *([f"{waiting} not reviewed yet"] if waiting else []),
        f"{len(report.failures)} failed",
    ]
    speed = len(report.outcomes) / max(report.seconds, 0.001)
    return f"{', '.join(parts)}: {size_text(report.bytes)} in {report.seconds:.1f} s, {speed:.0f} files/s"


def shortened(name: str, room: int) -> str:
    """Return ``name`` in at most ``room`` characters: its middle goes first, for the end tells files apart."""
    if len(name) <= room:
        return name
    tail = room * 3 // 5
    return f"{name[: room - tail - 1]}…{name[-tail:]}"


def _people(report: DemoReport, *, joint: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for title in ("Person", "Verdict"):
        table.add_column(title, no_wrap=True)
    table.add_column("Decline reason", overflow="fold")
    for person in report.people:
        word = WORDS[person.verdict.verdict]
        table.add_row(
            Text(f"{person.holder.first_name} {person.holder.last_name}"),
            Text(word, style=_STYLES.get(word, "")),
            Text("\n".join(_reason(reason, joint) for reason in person.verdict.reasons)),
        )
    return table


def _row(outcome: FileOutcome, *, room: int, joint: str) -> tuple[Text, ...]:
    status = outcome.status
    return (
        Text(shortened(one_line(outcome.file.name), room)),
        Text(outcome.file.type),
        Text(status, style=_STYLES.get(status, "")),
        Text(outcome.problem or "\n".join(_reason(reason, joint) for reason in outcome.reasons)),
    )


def _reason(reason: DeclineReason, joint: str) -> str:
    name = one_line(reason)
    number = "" if reason.id is None or name == str(reason.id) else f"{reason.id} "
    return f"{number}{name}{joint}{reason.meaning or 'not known to this version'}"
