"""Send marks through everything, and look for them everywhere: ``python -m tests.privacy [--seed N] [--share PART]``.

Prints each mark that stands where none may, and figures at the end; ends with 1 when there is one.
"""

import argparse
import math
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # as in tests/conftest.py; before Sentry is imported

from tests import figures
from tests.privacy import bulk, calls, commands, objects, places, receivers
from tests.privacy.marked import M
from tests.privacy.watch import Watch

_AROUND = 150


def leaks(place: str, text: str, allowed: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what stands around each mark in ``text``, with the mark's name in its place."""
    for name in M.found_in(text):
        if name not in allowed:
            at = text.index(getattr(M, name))
            around = text[max(0, at - _AROUND) : at + _AROUND]
            yield f"{place}: {M.hidden(around)!r}"


class Run:
    """One run: what was passed, and where marks were found."""

    def __init__(self, *, urls_to_sentry: bool) -> None:
        self.watch = Watch(urls_to_sentry=urls_to_sentry)
        self.passages, self.looked_at, self.found = Counter[str](), 0, 0
        self.there_are = 0
        """Passages of all kinds that were asked for, whether they are made or not."""
        self._allowed = places.ALLOWED | ({"sentry": places.IDS} if urls_to_sentry else {})

    @property
    def made(self) -> str:
        """How many passages were made, of how many there are."""
        return f"{self.passages.total():,} of {self.there_are:,}"

    def look_at_metrics(self) -> None:
        """Look at what all passages left in the metrics, which add up."""
        text = self.watch.metrics()
        self.looked_at += len(text)
        for leak in leaks("metrics", text, self._allowed.get("metrics", frozenset())):
            self.found += 1
            print(leak, file=self.watch.terminal, flush=True)

    def look(self, kind: str, passage: object, texts: Iterator[tuple[str, str]]) -> None:
        """Look at what a passage left in all places, and at ``texts`` of ways to show what it brought."""
        self.passages[kind] += 1
        end = getattr(passage, "server", "")
        for place, text in [*self.watch.take().items(), *texts]:
            self.looked_at += len(text)
            allowed = self._allowed.get(place, frozenset()) | self._allowed.get(f"{place} of {end}", frozenset())
            for leak in leaks(place, text, allowed):
                self.found += 1
                print(f"{passage}: {leak}", file=self.watch.terminal, flush=True)


KINDS: dict[str, Any] = {
    "calls": (calls.passages, calls.Calls, calls.texts),
    "bulk": (bulk.passages, bulk.Runs, bulk.texts),
    "callbacks": (receivers.passages, receivers.Receivers, receivers.texts),
    "commands": (commands.passages, commands.Commands, commands.texts),
    "objects": (objects.passages, objects.Objects, objects.texts),
}
"""Kinds of passages: which there are, what makes them, and what is to be looked at after each."""


def _pass(run: Run, options: argparse.Namespace) -> None:
    """Make passages of all kinds in one random order, so that a short run has some of each."""
    every = [(kind, one) for kind in options.kinds for one in KINDS[kind][0]() if options.only in str(one)]
    random.Random(options.seed).shuffle(every)
    run.there_are = len(every)
    makers = {kind: KINDS[kind][1](run.watch) for kind in options.kinds}
    end = time.monotonic() + options.minutes * 60
    for kind, passage in every[: max(1, math.ceil(len(every) * options.share))]:
        if time.monotonic() > end:
            break
        ended = makers[kind].make(passage, random.Random(f"{options.seed} {passage}"))
        run.look(kind, passage, KINDS[kind][2](ended))
    for maker in makers.values():
        maker.close()
    run.look_at_metrics()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.privacy", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=1.0, help="make this part of all passages, such as 0.05")
    parser.add_argument("--minutes", type=float, default=120, help="begin no more after so many minutes")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--only", default="", help="passages with these words in their name")
    parser.add_argument("--urls-to-sentry", action="store_true", help="with Sentry's integration of aiohttp")
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    run = Run(urls_to_sentry=options.urls_to_sentry)
    _pass(run, options)
    said = {
        "passages": run.made,
        **run.passages,
        "MB looked at": run.looked_at >> 20,
        "marks found": run.found,
    }
    print(said, f"{time.monotonic() - begun:.0f} s", file=run.watch.terminal, flush=True)
    if run.passages.total() < run.there_are:
        print(f"{run.made} passages, drawn at random: the others were not made", file=run.watch.terminal, flush=True)
    if options.record:
        figures.record("privacy", "marked personal data and a marked key through every operation", said)
    return 1 if run.found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
