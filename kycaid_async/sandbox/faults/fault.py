"""Faults: what one is, and the switchboard of those that are on and that a request meets."""

import enum
from collections.abc import Callable, Sequence
from contextlib import suppress
from random import Random
from typing import Any, Final, Self, TypeVar

import attrs

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.errors import ConfigurationError
from kycaid_async.masking import ValueObject
from kycaid_async.tracebacks import guarded

N = TypeVar("N")


class FaultKind(enum.StrEnum):
    """The kind of a fault."""

    LATENCY = "latency"
    """It waits ``seconds`` before the server acts."""
    REFUSED = "429"
    """Refused as one too many, with ``Retry-After`` when ``seconds`` are given."""
    INTERNAL = "500"
    """Answered with 500 and JSON; the server did not act."""
    GATEWAY = "502"
    """Answered with 502 and an HTML page; the server did not act."""
    UNAVAILABLE = "503"
    """Answered with 503 and JSON; the server did not act."""
    RESET = "reset"
    """The connection is reset before the server acts."""
    LOST = "lost"
    """The server acts, and the connection is reset in place of the answer."""
    BETWEEN = "gateway"
    """The server acts, and a gateway answers in its place with 503 and plain text."""
    TRUNCATED = "truncated"
    """The server acts, and the answer ends half-way."""
    SLOW = "slow"
    """The server acts, and the answer comes at ``bytes_per_second``."""


MOST: Final = 100
"""Faults that can be on: every request looks at each."""
_NUMBER: Final = {FaultKind.LATENCY: "seconds", FaultKind.REFUSED: "seconds", FaultKind.SLOW: "bytes_per_second"}
"""The field of each kind that has a number."""
_LARGEST: Final = 1e9
_NEEDED: Final = (FaultKind.LATENCY, FaultKind.SLOW)
_FORM: Final = "KIND[=NUMBER][:OPERATIONS[:PROBABILITY[:COUNT]]]"
_MOST_PARTS: Final = 3


def _kind(value: str) -> FaultKind:
    with suppress(ValueError):  # raised outside, for what it says shows the value
        return FaultKind(value)
    raise ConfigurationError(f"a fault is one of {', '.join(FaultKind)}")


def _operations(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not all(isinstance(name, str) for name in names):
        raise ConfigurationError("the operations of a fault are a list of names")
    return tuple(dict.fromkeys(names))


@guarded
@attrs.frozen(eq=False, repr=False)
class Fault(ValueObject):
    """A fault to switch on.

    ``Fault("429", seconds=2, operations=["documents.create"], probability=0.1)`` refuses a tenth of these calls.

    Raises `ConfigurationError` for what is not possible.
    """

    kind: FaultKind = attrs.field(converter=_kind)
    operations: tuple[str, ...] = attrs.field(default=(), converter=_operations, kw_only=True)
    """Names such as ``documents.create``; none stands for all."""
    probability: float = attrs.field(default=1.0, kw_only=True)
    """Of a request to meet it, from 0 to 1."""
    count: int | None = attrs.field(default=None, kw_only=True)
    """How many requests meet it before it is over; None for no end."""
    seconds: float | None = attrs.field(default=None, kw_only=True)
    """How long ``latency`` lasts, and what ``429`` says in ``Retry-After``."""
    bytes_per_second: float | None = attrs.field(default=None, kw_only=True)
    """The speed of ``slow``."""

    def __attrs_post_init__(self) -> None:
        unknown = [name for name in self.operations if name not in ENDPOINTS]
        if unknown:
            raise ConfigurationError(f"there is no operation {unknown[0]}; kycaid operations lists them")
        if not _is_number(self.probability) or not 0 <= self.probability <= 1:
            raise ConfigurationError("the probability of a fault is a number from 0 to 1")
        if self.count is not None and not (type(self.count) is int and self.count > 0):
            raise ConfigurationError("the count of a fault is a whole number, 1 or more")
        self._check_number()

    def _check_number(self) -> None:
        wanted = _NUMBER.get(self.kind)
        for name, lowest in (("seconds", 0.0), ("bytes_per_second", 1.0)):
            value = getattr(self, name)
            if value is not None and name != wanted:
                raise ConfigurationError(f"the fault {self.kind} takes no {name}")
            if value is not None and not (_is_number(value) and value >= lowest):
                raise ConfigurationError(f"{name} of a fault is a number, {lowest:g} or more, at most {_LARGEST:.0f}")
            if value is None and name == wanted and self.kind in _NEEDED:
                raise ConfigurationError(f"the fault {self.kind} needs {name}")

    def __str__(self) -> str:
        """Return the text that `parse` reads."""
        wanted = _NUMBER.get(self.kind)
        number = getattr(self, wanted) if wanted else None
        head = self.kind if number is None else f"{self.kind}={number:g}"
        parts = [head, ",".join(self.operations) or "all", f"{self.probability:g}"]
        return ":".join(parts if self.count is None else [*parts, str(self.count)])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what the command line takes: ``KIND[=NUMBER][:OPERATIONS[:PROBABILITY[:COUNT]]]``.

        ``429:documents.create:0.1``, ``latency=0.5``, ``lost:documents.create,files.create:1:3``, ``502:all:0.05``.
        NUMBER is seconds or bytes per second. Raises `ConfigurationError`.
        """
        head, *rest = text.split(":")
        if len(rest) > _MOST_PARTS:
            raise ConfigurationError(f"a fault reads {_FORM}, not {text}")
        kind, _, number = head.partition("=")
        operations, probability, count = [*rest, *[""] * _MOST_PARTS][:_MOST_PARTS]
        wanted = _NUMBER.get(_kind(kind), "seconds")
        return cls(
            kind,
            operations=() if operations in ("", "all") else operations.split(","),
            probability=_read(probability, float, 1.0, text),
            count=_read(count, int, None, text),
            **{wanted: _read(number, float, None, text)},
        )


def _read(part: str, read: Callable[[str], N], fallback: N, text: str) -> N:
    try:
        return read(part) if part else fallback
    except ValueError:
        raise ConfigurationError(f"a fault reads {_FORM}, not {text}") from None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


@guarded
@attrs.define(eq=False, repr=False)
class ActiveFault(ValueObject):
    """A fault that is switched on."""

    id: str
    fault: Fault
    met: int = 0
    """How many requests have met it."""
    _draws: dict[str, Random] = attrs.field(factory=dict, repr=False, eq=False)

    @property
    def is_over(self) -> bool:
        """True when its count is used up."""
        return self.fault.count is not None and self.met >= self.fault.count

    def is_drawn(self, operation: str, seed: int) -> bool:
        """Say whether the next request of an operation meets it, by chance alone."""
        if self.fault.operations and operation not in self.fault.operations:
            return False
        if operation not in self._draws:
            # One series of chance for each operation, whatever else goes on: text as a seed is the same in every
            # process.
            self._draws[operation] = Random(f"{seed}/{self.id}/{operation}")  # noqa: S311 - to be repeatable
        return self._draws[operation].random() < self.fault.probability

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return {"id": self.id, **attrs.asdict(self.fault), "met": self.met}


@guarded
class Faults:
    """The faults that are on in one sandbox.

    With the same ``seed``, the same faults added in the same order, and the same requests, each run is the same: the
    n-th request of an operation meets the same faults, counted from when a fault was added, in the order in which the
    server received them. Other operations and the time play no part. Where requests run at once, the network
    decides which of them is the n-th; and a ``count`` over several operations goes to whichever request comes first.
    """

    def __init__(self, seed: int = 0) -> None:
        self._seed = seed
        self._added = 0
        self._active: dict[str, ActiveFault] = {}

    def __bool__(self) -> bool:
        return bool(self._active)

    @property
    def seed(self) -> int:
        """The seed of chance."""
        return self._seed

    def add(self, fault: Fault) -> str:
        """Switch a fault on and return an id for it. Raises `ConfigurationError` for one too many."""
        if len(self._active) >= MOST:
            raise ConfigurationError(f"{MOST} faults are on: switch some off before others are added")
        self._added += 1
        active = ActiveFault(id=str(self._added), fault=fault)
        self._active[active.id] = active
        return active.id

    def remove(self, fault_id: str) -> None:
        """Switch a fault off. Raises `KeyError` when there is none with this id."""
        del self._active[fault_id]

    def clear(self) -> None:
        """Switch all off. What is added then meets the same requests as in a new sandbox, and ids begin anew."""
        self._active.clear()
        self._added = 0

    def list(self) -> list[ActiveFault]:
        """Return those that are switched on, also when their count is used up, in the order of adding."""
        return list(self._active.values())

    def draw(self, operation: str) -> Sequence[Fault]:
        """Return what the next request of an operation meets: every wait that is due, then at most one other."""
        # All of them draw at each request, so that none depends on what another one did.
        # The copy is for tests that add one from another thread.
        drawn = [active for active in tuple(self._active.values()) if active.is_drawn(operation, self._seed)]
        ready = [active for active in drawn if not active.is_over]
        waits = [active for active in ready if active.fault.kind is FaultKind.LATENCY]
        others = [active for active in ready if active.fault.kind is not FaultKind.LATENCY]
        met = [*waits, *others[:1]]
        for active in met:
            active.met += 1
        return [active.fault for active in met]
