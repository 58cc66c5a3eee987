"""A decoder that is fuzzed: what it takes, and what it may raise."""

import random
from collections.abc import Callable, Iterator

import attrs

from tests.fuzz.mutation import changed

Mutate = Callable[[bytes, list[bytes], random.Random], bytes]
Nasty = Callable[[], Iterator[tuple[str, bytes]]]


@attrs.frozen(kw_only=True)
class Target:
    """A decoder, or what is only called through one."""

    name: str
    run: Callable[[bytes], object]
    """Decodes one input."""
    raises: tuple[type[BaseException], ...]
    """Our own errors, which it may raise."""
    seeds: Callable[[], list[bytes]]
    """Inputs as they are usual."""
    share: int = 100
    """How many of some inputs it gets, compared with the others."""
    mutate: Mutate = changed
    nasty: Nasty = attrs.field(default=lambda: iter(()))
    """Inputs made to take long, or much memory, by their names."""
    mebibytes: int = 96
    """By which the memory of this process may grow with one input, and some more for a long one."""
