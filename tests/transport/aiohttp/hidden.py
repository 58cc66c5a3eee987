"""A program that takes parts of aiohttp from this package, one at a time, and makes three calls each time.

A part is taken from our code alone: aiohttp itself still finds it, as one does that has moved or changed it. Each
case runs in a fork of its own, in which this package is imported anew.
"""

import asyncio
import importlib
import json
import logging
import os
import sys
import types
from typing import Any

os.environ["AIOHTTP_NO_EXTENSIONS"] = "1"  # classes made in C cannot be changed

import aiohttp

_US = "kycaid_async"


def _asks() -> bool:
    """Say whether the code that looks up a name is ours."""
    frame = sys._getframe(2)
    return str(frame.f_globals.get("__name__")).startswith(_US)


def _gone(_: Any, name: str) -> Any:
    raise AttributeError(name)


def _other_signature(value: Any, name: str) -> Any:
    if not callable(value):
        return _gone(value, name)

    def changed(*, quite_new: object) -> None:
        raise TypeError(quite_new)

    return changed


def _other_kind(value: Any, name: str) -> Any:
    if asyncio.iscoroutinefunction(value):
        return lambda *_, **__: None
    if not callable(value):
        return lambda *_, **__: value  # it was a value, and became a method

    async def waits(*args: Any, **options: Any) -> Any:
        return value(*args, **options)

    return waits


CHANGES = {"gone": _gone, "another signature": _other_signature, "another kind": _other_kind}


class _Hidden:
    """What a class has in the place of an attribute."""

    def __init__(self, name: str, owner: type, change: Any) -> None:
        self.name, self.change = name, change
        self.real = owner.__dict__.get(name, getattr(owner, name, None))

    def _found(self, instance: Any, owner: Any) -> Any:
        real = self.real
        if instance is not None and self.name in getattr(instance, "__dict__", {}):
            return instance.__dict__[self.name]
        if hasattr(real, "__get__"):
            return real.__get__(instance, owner)
        return real

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        found = self._found(instance, owner)
        return self.change(found, self.name) if _asks() else found

    def __set__(self, instance: Any, value: Any) -> None:
        if _asks() and self.change is _gone:
            raise AttributeError(self.name)
        if hasattr(self.real, "__set__"):
            self.real.__set__(instance, value)
        else:
            instance.__dict__[self.name] = value


def _hide_in_module(module: Any, name: str, change: Any) -> None:
    class Hiding(types.ModuleType):
        def __getattribute__(self, asked: str) -> Any:
            found = super().__getattribute__(asked)
            return change(found, asked) if asked == name and _asks() else found

    module.__class__ = Hiding


def hide(path: str, change: Any) -> None:
    *steps, name = path.split(".")
    owner: Any = aiohttp
    for step in steps:
        owner = getattr(owner, step, None) or importlib.import_module(f"{owner.__name__}.{step}")
    if isinstance(owner, types.ModuleType):
        getattr(owner, name)
        _hide_in_module(owner, name, change)
    else:
        setattr(owner, name, _Hidden(name, owner, change))


def _import_what_does_not_know_aiohttp() -> None:
    """Spare each case the imports that reach no part of it."""
    from kycaid_async import AsyncKycaid

    client = AsyncKycaid("k" * 36)
    _ = client.documents, client.applicants, client.files, client.addresses
    assert "kycaid_async.transport.aiohttp.parts" not in sys.modules


async def _call(make: Any) -> dict[str, Any]:
    try:
        await make
    except Exception as error:
        return {
            "error": f"{type(error).__name__}: {error}",
            "ours": type(error).__module__.startswith(_US),
            "perhaps": getattr(error, "maybe_processed", None),
        }
    return {"error": None}


async def _calls(url: str, case: str) -> dict[str, Any]:
    from kycaid_async import AsyncKycaid

    heard: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: heard.append(record.getMessage())
    logging.getLogger(_US).addHandler(handler)
    logging.getLogger(_US).setLevel(logging.INFO)
    found: dict[str, Any] = {}
    async with AsyncKycaid("k" * 36, base_url=f"{url}/{case}", max_retries=0) as client:
        found["get"] = await _call(client.documents.get("5f9aeb5e1f25e2441d182f56b6dcbfac12dd"))
        found["post"] = await _call(client.applicants.create(type="PERSON"))
        found["upload"] = await _call(client.files.create(b"\x89PNG\r\n\x1a\n" + bytes(600_000)))
    async with (
        aiohttp.ClientSession() as session,
        AsyncKycaid("k" * 36, base_url=f"{url}/{case}", max_retries=0, session=session) as client,
    ):
        address = {"type": "REGISTERED", "country": "GB", "city": "x", "postal_code": "1", "full_address": "x"}
        found["theirs"] = await _call(client.addresses.create(applicant_id="5" * 36, **address))
    found["log"] = heard
    return found


def _run(url: str, number: int, path: str, change: str) -> None:
    if path:
        hide(path, CHANGES[change])
    found = asyncio.run(_calls(url, f"case{number}"))
    print(json.dumps(found), flush=True)


def main() -> None:
    url, cases = sys.argv[1], json.loads(sys.argv[2])
    _import_what_does_not_know_aiohttp()
    for number, (path, change) in enumerate(cases):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                _run(url, number, path, change)
                status = 0
            finally:
                os._exit(status)
        if os.waitpid(child, 0)[1]:
            print(json.dumps({"died": True}), flush=True)


if __name__ == "__main__":
    main()
