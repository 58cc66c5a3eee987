"""Inputs that atheris makes, guided by the code that they reach."""

import contextlib
import importlib
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from tests.fuzz.engine import Fuzzing

_QUIET = ("-verbosity=0", "-print_final_stats=0", "-rss_limit_mb=0", "-timeout=600", "-len_control=0", "-max_len=16384")


@contextlib.contextmanager
def instrumented(*, wanted: bool) -> Iterator[None]:
    """Have the package tell atheris which code is reached, when it is imported within."""
    if not wanted:
        yield
        return
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # it has much to say
    with importlib.import_module("atheris").instrument_imports(include=["kycaid_async"]):
        yield


def guided(fuzzing: Fuzzing, count: int, seed: int, end: float, done: Callable[[], NoReturn]) -> NoReturn:
    """Give a target so many inputs, until ``end`` on the monotonic clock, and call ``done``, which ends the process."""
    atheris, folder = importlib.import_module("atheris"), Path(tempfile.mkdtemp())
    for number, data in enumerate(fuzzing.target.seeds()):
        (folder / f"seed{number}").write_bytes(data)

    def take(data: bytes) -> None:
        fuzzing.one(data)
        if fuzzing.figures["inputs"] >= count or time.monotonic() > end:
            done()

    atheris.Setup([sys.argv[0], f"-seed={seed}", f"-artifact_prefix={folder}/", *_QUIET, str(folder)], take)
    atheris.Fuzz()
    raise AssertionError("libFuzzer does not return")
