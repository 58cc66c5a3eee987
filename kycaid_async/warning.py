"""Warnings that are given once in a process, and point at the line of the program that is to be looked at."""

import inspect
import os
import warnings
from pathlib import Path

_PACKAGE = str(Path(__file__).parent) + os.sep
_warned: set[str] = set()


def warn_once(name: str, text: str, category: type[Warning]) -> None:
    """Give a warning of this name, unless it was given before."""
    if name not in _warned:
        _warned.add(name)
        warnings.warn(text, category, stacklevel=_frames_of_ours())


def _frames_of_ours() -> int:
    """Return how far up the stack the caller of this package is, as warnings count."""
    level, frame = 1, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level - 1
