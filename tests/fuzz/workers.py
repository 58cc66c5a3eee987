"""Processes that share the targets between them: a decoder that brings its process down is found by that."""

import argparse
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from typing import NamedTuple, NoReturn

from tests.fuzz.catalog import all_targets
from tests.fuzz.engine import Fuzzing
from tests.fuzz.guided import guided, instrumented


class Part(NamedTuple):
    """What came of a target."""

    name: str
    figures: Counter[str]
    found: list[str]
    seconds: float


def parts(names: list[str], options: argparse.Namespace, end: float) -> Iterator[Part]:
    """Fuzz these targets, some at a time, each in a process of its own, until ``end`` on the monotonic clock."""
    targets = all_targets()
    whole = sum(targets[name].share for name in names)
    waiting = sorted(names, key=lambda name: targets[name].share)
    running: dict[Connection, str] = {}
    while waiting or running:
        while waiting and len(running) < options.jobs:
            name = waiting.pop()
            count = max(1, round(options.inputs * targets[name].share / whole))
            running[_begin(name, count, options, end)] = name
        for reader in wait(list(running)):
            name = running.pop(reader)  # type: ignore[arg-type]
            try:
                yield reader.recv()  # type: ignore[union-attr]
            except EOFError:
                yield Part(name, Counter(foreign=1), [f"{name}: its process died"], 0.0)


def _begin(name: str, count: int, options: argparse.Namespace, end: float) -> Connection:
    fresh = multiprocessing.get_context("spawn")
    reader, writer = fresh.Pipe(duplex=False)
    process = fresh.Process(target=_work, args=(name, count, end, options, writer))
    process.start()
    writer.close()
    return reader


def _work(name: str, count: int, end: float, options: argparse.Namespace, writer: "Connection[Part, None]") -> None:
    with instrumented(wanted=options.guided):
        fuzzing = Fuzzing(all_targets()[name])
    began = time.process_time()

    def done() -> NoReturn:
        if not (options.guided or options.no_nasty):  # what watches takes its time itself
            fuzzing.nasty()
        writer.send(Part(name, fuzzing.figures, list(fuzzing.found.values()), time.process_time() - began))
        os._exit(0)

    if options.guided:
        guided(fuzzing, count, options.seed, end, done)
    fuzzing.inputs(count, random.Random(f"{options.seed} {name}"), end)
    done()
