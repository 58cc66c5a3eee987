"""Batches of a shared ledger: many rows ask at one time, and few statements answer them."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from kycaid_async.bulk.ledger.shared.statements import Statement

Found = dict[Any, list[tuple[Any, ...]]]


@attrs.define(eq=False)
class Work:
    """A change of one entry, or a look at it."""

    statement: Statement
    values: tuple[Any, ...] = attrs.field(repr=False)
    """One for each name of the statement; the first says which entry is meant."""
    answer: asyncio.Future[Any] | None = attrs.field(default=None, repr=False)
    undone: Callable[[], None] | None = None
    """Is called when it turns out to change nothing."""

    @property
    def key(self) -> Any:
        """Key of the entry that is meant."""
        return self.values[0]

    def is_of(self, statement: Statement, values: tuple[Any, ...]) -> bool:
        """Say whether it is this statement with these values."""
        return self.statement is statement and self.values == values


@attrs.define(eq=False)
class Batch:
    """A statement with the entries that it is for."""

    statement: Statement
    works: list[Work] = attrs.field(factory=list)

    def parameters(self, me: int) -> dict[str, Any]:
        """Return an array for each name of the statement, and the number of the owner."""
        columns = map(list, zip(*(work.values for work in self.works), strict=True))
        named = dict(zip(self.statement.names, columns, strict=True))
        return named if self.statement.reads else {**named, "me": me}


def batches_of(works: Iterable[Work]) -> list[Batch]:
    """Return the statements for all works, in an order in which those about one entry come as they were told."""
    batches: dict[tuple[int, int, int], Batch] = {}
    earlier: Counter[tuple[Any, int]] = Counter()
    for work in works:
        phase = work.statement.phase
        turn = 0 if work.statement.reads else earlier[work.key, phase]
        earlier[work.key, phase] += 1
        batch = batches.setdefault((phase, turn, id(work.statement)), Batch(work.statement))
        batch.works.append(work)
    ordered = [batches[place] for place in sorted(batches, key=lambda place: place[:2])]
    for batch in ordered:
        if batch.statement.reads:
            continue
        batch.works.sort(key=lambda work: work.key)
    return ordered


def by_key(rows: Iterable[Any]) -> Found:
    """Return the rows of an answer by their first column, without it."""
    found: Found = {}
    for row in rows:
        key, *values = row
        found.setdefault(bytes(key) if isinstance(key, memoryview) else key, []).append(tuple(values))
    return found


def tell(work: Work, found: Found) -> None:
    """Tell who waits for it what became of it."""
    if work.undone is not None and work.key not in found:
        work.undone()
    if work.answer is not None and not work.answer.done():
        work.answer.set_result(found.get(work.key, []) if work.statement.reads else work.key in found)
