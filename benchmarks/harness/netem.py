"""A network to a server: a pair of devices that the kernel slows down, with the server behind it. For root on Linux."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import attrs

_NAME = f"kycaid-bench-{os.getpid()}"
_HERE, _THERE = "10.231.77.1", "10.231.77.2"


class UnavailableError(Exception):
    """This machine has no such network; the text says why."""


@attrs.frozen(kw_only=True)
class Link:
    """The properties of a network, the same both ways."""

    round_trip: float = 0.0
    """In seconds; half of it each way."""
    loss: float = 0.0
    """The share of packets that get lost, in percent."""
    megabits: int | None = None
    """Bits per second, in millions; None for no limit."""

    @property
    def title(self) -> str:
        parts = [f"{self.round_trip * 1000:.0f} ms"] if self.round_trip else []
        parts += [f"{self.loss:g} % loss"] if self.loss else []
        parts += [f"{self.megabits} Mbit/s"] if self.megabits else []
        return "link of " + ", ".join(parts)

    @property
    def discipline(self) -> list[str]:
        """The queueing discipline of the kernel for it: an older one, which more kernels have, for a rate alone."""
        rate = ["rate", f"{self.megabits}mbit"] if self.megabits else []
        if not (self.round_trip or self.loss):
            return ["tbf", *rate, "burst", "64kb", "latency", "100ms"]
        loss = ["loss", f"{self.loss}%"] if self.loss else []
        return ["netem", "delay", f"{self.round_trip * 500:.3f}ms", *loss, *rate, "limit", "20000"]


@attrs.frozen
class Place:
    """Where a server runs: the beginning of its command, and its address."""

    prefix: tuple[str, ...] = ()
    address: str = "127.0.0.1"


@contextmanager
def laid(link: Link) -> Iterator[Place]:
    """Give a place for a server behind ``link``. Raises `UnavailableError`."""
    _look()
    name, near, far = _NAME, f"kb{os.getpid() % 100000}a", f"kb{os.getpid() % 100000}b"
    inside = ("ip", "netns", "exec", name)
    _do("ip", "netns", "add", name)
    try:
        _do("ip", "link", "add", near, "type", "veth", "peer", "name", far, "netns", name)
        for prefix, device, address in (((), near, _HERE), (inside, far, _THERE)):
            _do(*prefix, "ip", "address", "add", f"{address}/30", "dev", device)
            _do(*prefix, "ip", "link", "set", device, "up")
            _do(*prefix, "tc", "qdisc", "add", "dev", device, "root", *link.discipline)
        yield Place(inside, _THERE)
    finally:
        _do("ip", "netns", "delete", name)  # and the devices with it


def _look() -> None:
    if sys.platform != "linux":
        raise UnavailableError("netem is a part of Linux")
    if missing := [tool for tool in ("ip", "tc") if shutil.which(tool) is None]:
        raise UnavailableError(f"there is no {' and no '.join(missing)} here (iproute2)")


def _do(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2] or f"exit code {done.returncode}"
        raise UnavailableError(f"{command[0]}: {reason}")
