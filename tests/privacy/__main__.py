"""Send marks through everything, and look for them everywhere: ``python -m tests.privacy [--seed N] [--passages N]``.

Prints each mark that stands where none may, and figures at the end; ends with 1 when there is one.
"""

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator

os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")  # as in tests/conftest.py; before Sentry is imported

from tests import figures
from tests.privacy import calls, shown
from tests.privacy.marked import M
from tests.privacy.watch import Watch

IDS = frozenset({"ident"})
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
        self.passages, self.looked_at, self.found = 0, 0, 0
        self._allowed = {"sentry": IDS} if urls_to_sentry else {}

    def look(self, passage: object, texts: Iterator[tuple[str, str]]) -> None:
        """Look at what a passage left in all places, and at ``texts`` of ways to show what it brought."""
        self.passages += 1
        allowed = self._allowed | dict.fromkeys(shown.VALUES, IDS) | {"pytest, compared": IDS}
        for place, text in [*self.watch.take().items(), *texts]:
            self.looked_at += len(text)
            for leak in leaks(place, text, allowed.get(place, frozenset())):
                self.found += 1
                print(f"{passage}: {leak}", file=self.watch.terminal, flush=True)


def _calls(run: Run, options: argparse.Namespace) -> None:
    chance = random.Random(options.seed)
    every = [one for one in calls.passages() if options.only in str(one)]
    chance.shuffle(every)
    made = calls.Calls(run.watch)
    end = time.monotonic() + options.minutes * 60
    for passage in every[: options.passages]:
        if time.monotonic() > end:
            break
        ended = made.make(passage, random.Random(f"{options.seed} {passage}"))
        run.look(passage, calls.texts(ended))
    made.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.privacy", description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--passages", type=int, default=100_000, help="at most so many calls")
    parser.add_argument("--minutes", type=float, default=60, help="begin no more calls after so many minutes")
    parser.add_argument("--only", default="", help="calls with these words in their name")
    parser.add_argument("--urls-to-sentry", action="store_true", help="with Sentry's integration of aiohttp")
    figures.add_option(parser)
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    run = Run(urls_to_sentry=options.urls_to_sentry)
    _calls(run, options)
    said = {"passages": run.passages, "characters looked at": run.looked_at, "marks found": run.found}
    print(said, f"{time.monotonic() - begun:.0f} s", file=run.watch.terminal, flush=True)
    if options.record:
        figures.record("privacy", "marked personal data and a marked key through every operation", said)
    return 1 if run.found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
