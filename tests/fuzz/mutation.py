"""Inputs made from others: bytes that were changed, and JSON that was changed and is still JSON."""

import json
import random
from collections.abc import Callable
from typing import Any

_LONGEST = 1 << 14
ODD_BYTES = (
    b"",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    b"\r\n",
    b"\n" * 9,
    b"\x1a",
    b'"',
    b"'",
    b"\\",
    b"\\ud800",
    b"{",
    b"[" * 40,
    b"}",
    b",",
    b";",
    b"=",
    b"%00",
    b"-1",
    b"1e999",
    b"NaN",
    b"99999999999999999999",
    b"<",
    b"../",
    b"@",
    "İ\u2028\u202e\U0001f600".encode(),
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    10**30,
    "",
    " ",
    "0",
    "null",
    "\0",
    "\ud800",
    "2024-02-30",
    "9999-12-31 23:59:60",
    "x" * 300,
    "İ\u2028\u202e",
    [],
    [None],
    [[]],
    ["a", 1, None],
    {},
    {"": None},
    {"type": None},
    {"errors": [None, 1, "x", {}]},
)


def changed(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return ``data`` with one or a few changes; ``others`` are inputs to take pieces from."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        data = chance.choice(_CHANGES)(data, others, chance)
    return data[:_LONGEST]


def _at(data: bytes, chance: random.Random) -> int:
    return int(chance.random() * (len(data) + 1))


def _insert(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    at = _at(data, chance)
    return data[:at] + chance.choice(ODD_BYTES) + data[at:]


def _flip(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    at = _at(data, chance)
    return data[:at] + bytes((int(chance.random() * 256),)) + data[at + 1 :]


def _bit(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    at = _at(data, chance)
    return data[:at] + bytes(one ^ (1 << int(chance.random() * 8)) for one in data[at : at + 1]) + data[at + 1 :]


def _delete(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    at = _at(data, chance)
    return data[:at] + data[at + 1 + int(chance.random() ** 3 * len(data)) :]


def _repeat(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    at = _at(data, chance)
    return data[:at] + data[at : at + 1 + int(chance.random() * 30)] * chance.choice((2, 3, 50)) + data[at:]


def _splice(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    other = chance.choice(others)
    return data[: _at(data, chance)] + other[_at(other, chance) :]


def _cut(data: bytes, _: list[bytes], chance: random.Random) -> bytes:
    return data[: _at(data, chance)]


_CHANGES: tuple[Callable[[bytes, list[bytes], random.Random], bytes], ...] = (
    _insert,
    _insert,
    _flip,
    _bit,
    _delete,
    _repeat,
    _splice,
    _cut,
)


def changed_json(data: bytes, others: list[bytes], chance: random.Random) -> bytes:
    """Return JSON with one or a few changes of its values; of what is no JSON, and now and then, its bytes changed."""
    if chance.random() < 1 / 4:
        return changed(data, others, chance)
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return changed(data, others, chance)
    for _ in range(chance.choice((1, 1, 2, 5))):
        value = _node_changed(value, chance)
    return json.dumps(value, ensure_ascii=chance.random() < 1 / 2).encode(errors="surrogatepass")


def _node_changed(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """Return ``value`` with one value in it changed."""
    deeper = chance.random() < 0.85 and depth < 30
    if deeper and isinstance(value, dict) and value:
        name = chance.choice(list(value))
        return value | {name: _node_changed(value[name], chance, depth + 1)}
    if deeper and isinstance(value, list) and value:
        at = int(chance.random() * len(value))
        return [*value[:at], _node_changed(value[at], chance, depth + 1), *value[at + 1 :]]
    return chance.choice(_NODES)(value, chance)


def _without_one(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict) and value:
        gone = chance.choice(list(value))
        return {name: inner for name, inner in value.items() if name != gone}
    return value[:-1] if isinstance(value, list | str) else None


def _with_more(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        return value | {chance.choice(("x", "", "type", "id", "extra", "\0")): chance.choice(ODD_VALUES)}
    return [*value, chance.choice(ODD_VALUES)] * 2 if isinstance(value, list) else [value] * 3


_NODES: tuple[Callable[[Any, random.Random], Any], ...] = (
    lambda _, chance: chance.choice(ODD_VALUES),
    lambda _, chance: chance.choice(ODD_VALUES),
    lambda value, _: [value],
    lambda value, _: {"type": value},
    lambda value, _: str(value),
    _without_one,
    _with_more,
)
