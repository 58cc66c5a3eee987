"""Attacks by cells of a manifest: on code, on files elsewhere, on hosts inside, and on who opens the rejects."""

import asyncio
import itertools
import json
import os
import random
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import fsspec

from kycaid_async import BadRow, InvalidFileError, Manifest, UploadSourceError, UrlRules, check_manifest, read_manifest
from kycaid_async.bulk.remote import RemoteSource
from kycaid_async.transport.timing import Timing
from tests.uploads import picture

Found = tuple[int, list[str]]
"""How many attacks were tried, and those that got through."""

PROTOCOLS = sorted({*fsspec.available_protocols(), "data", "reference", "nonsense"} - {"https", "http"})
USUAL = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"}
TAILS = ["x.png", "host/x.png", "/etc/passwd", "x.jpg::data:application/json;base64,e30=", "a::file:///etc/passwd"]
SPELLINGS = [str, str.upper, str.title, " {}".format, "\t{}".format, "\u200b{}".format, "simplecache::{}".format]
SPELLINGS += ["zip://a::{}".format, "{}::zip://a".format, "\ufeff{}".format, quote, "\x00{}".format]
LOOPBACKS = ["127.0.0.1", "127.1", "127.0.1", "0x7f000001", "2130706433", "0177.0.0.1", "0x7f.0.0.1", "127.0.0.2", "0"]
LOOPBACKS += ["localhost", "LocalHost.", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "%6c%6f%63alhost", "127.255.255.254"]
LOOPBACKS += ["a:b@127.0.0.1", "public.example@127.0.0.1", "127\u30020\u30020\u30021", "\uff11\uff12\uff17.0.0.1"]
PREFIXES = [
    "",
    "./",
    "in/../",
    "scans/../",
    "scans/./../scans/../",
    "scans//..//",
    "link/../",
    "loop/../",
    "\u202a",
    " ",
]
TARGETS = ["../secret.png", "../../{0}/secret.png", "{1}/secret.png", "/{1}/secret.png", "//{1}/secret.png", "out.png"]
TARGETS += [
    "out/secret.png",
    "hop/secret.png",
    "/proc/self/cwd/{1}/secret.png",
    "/proc/self/root/{1}/secret.png",
    "deep.png",
]
TARGETS += [
    "/dev/stdin",
    "/dev/fd/0",
    "pipe.png",
    "..\\secret.png",
    "file://{1}/secret.png",
    "~/secret.png",
    "..%2fsecret.png",
]
FORMULA = re.compile(
    r"""(^|[,;\t|])[\s"\u200b\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20](?![\d ().\-/,]*"*($|[,;\t|\r]))"""
)


def attack() -> Found:
    """Try all of them."""
    found = [asyncio.run(urls()), asyncio.run(hosts()), asyncio.run(paths()), cells()]
    return sum(tried for tried, _ in found), list(itertools.chain(*(failures for _, failures in found)))


async def _refused(source: Any) -> bool:
    try:
        reading = await source.open()
    except (InvalidFileError, UploadSourceError):
        return True
    await reading.close()
    return False


async def urls() -> Found:
    """No URL of another kind reaches fsspec, and so none makes a filesystem."""
    tried, failures, asked = 0, [], []

    def ask(what: str, **_: Any) -> None:
        asked.append(what)
        raise OSError

    with mock.patch.object(fsspec.core, "url_to_fs", ask), mock.patch.object(fsspec, "get_filesystem_class", ask):
        for protocol, tail, spell in itertools.product(PROTOCOLS, TAILS, SPELLINGS):
            url = spell(f"{protocol}://{tail}")
            plain = protocol in USUAL and "::" not in url and url.lower().startswith(protocol)
            tried += 1
            asked.clear()
            refused = "://" not in url or await _refused(RemoteSource(url))
            if not refused or (asked and not plain):
                failures.append(f"URL {url!r}")
    return tried, failures


class _Listener:
    """Counts who connects to this machine, at any of its loopback addresses."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("0.0.0.0", 0))  # noqa: S104 - so that 127.0.0.2 leads here too
        self.port: int = self._socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._count, daemon=True).start()

    def _count(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.close()


async def hosts() -> Found:
    """No URL makes a connection to this machine."""

    async def at_once(_: float) -> None:
        return

    tried, failures, listener = 0, [], _Listener()
    try:
        for scheme, host, path in itertools.product(
            ("http", "https", "HTTP"), LOOPBACKS, ("/", "/latest/meta-data/?a=b#c")
        ):
            rules = UrlRules(allow_protocols=["http"])
            source = RemoteSource(f"{scheme}://{host}:{listener.port}{path}", rules=rules, timing=Timing(sleep=at_once))
            tried += 1
            if not await _refused(source) or listener.connections:
                failures.append(f"host {source.url}")
                listener.connections = 0
    finally:
        listener.close()
    return tried, failures


def _world(folder: Path) -> Path:
    inside = folder / "in"
    (inside / "scans").mkdir(parents=True)
    for place in (folder / "secret.png", inside / "good.png", inside / "scans/good.png"):
        place.write_bytes(picture(600))
    (inside / "out.png").symlink_to("../secret.png")
    (inside / "out").symlink_to("..")
    (inside / "link").symlink_to(folder)
    (inside / "loop").symlink_to("loop")
    (inside / "scans/hop").symlink_to("../../in/out")
    (inside / "hop").symlink_to("scans/hop")
    (inside / "deep.png").symlink_to("scans/../out/secret.png")
    if hasattr(os, "mkfifo"):
        os.mkfifo(inside / "pipe.png")
    return inside


async def paths() -> Found:
    """No path of a row reaches a file outside of its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        inside = _world(folder)
        cells = [p + t.format(folder.name, folder) for p, t in itertools.product(PREFIXES, TARGETS)] + ["good.png"]
        rows = [
            {"applicant_id": "1" * 36, "type": "PASSPORT", "front_side": cell, "key": str(number)}
            for number, cell in enumerate(cells)
        ]
        (inside / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
        found = [row async for row in check_manifest(inside / "people.jsonl")]
    bad = [isinstance(row, BadRow) for row in found]
    failures = [f"path {cell!r}" for cell, refused in zip(cells[:-1], bad, strict=False) if not refused]
    return len(cells) - 1, failures + (["the good row was refused"] if bad[-1] else [])


def _hostile_cells() -> Iterator[str]:
    chance = random.Random(13)
    for start, blank, body in itertools.product(
        "=+-@\uff1d\uff0b", ["", " ", '"', "\u200b", "'"], ["cmd|' /C x'!A0", "A1"]
    ):
        yield f"{blank}{start}{body}"
    for _ in range(3000):
        yield "a" + "".join(chance.choices("=+-@'\",;| 1aA!()", k=8)) + "b"


def cells() -> Found:
    """No cell of a file of rejects is a formula, and all say what they said."""
    texts = list(_hostile_cells())
    with tempfile.TemporaryDirectory() as name:
        path = Path(name, "people.jsonl")
        row = {"applicant_id": "1" * 36, "type": "PASSPORT", "front_side": "a.png"}
        path.write_text("\n".join(json.dumps(row | {"issuing_authority": text}) for text in texts))
        said = [row.document["issuing_authority"] for row in read_manifest(path) if not isinstance(row, BadRow)]
        csv_form = Path(name, "people.csv")
        csv_form.write_text("applicant_id,type,issuing_authority,front_side\n")
        form = Manifest.open(csv_form).form
        lines = [form.reject(["1" * 36, "PASSPORT", text, "a.png"], line=1, reason="") for text in said]
        csv_form.write_text(form.header() + "".join(lines), newline="")
        again = [row.document["issuing_authority"] for row in read_manifest(csv_form) if not isinstance(row, BadRow)]
    failures = [f"cell {text!r}" for text, line in zip(said, lines, strict=True) if FORMULA.search(line)]
    return len(texts), failures + ([] if said == again else ["rejects do not say the same"])


if __name__ == "__main__":
    number, through = attack()
    print(f"{number:,} tried, {len(through):,} got through")  # noqa: T201 - a program
    print(*through, sep="\n")  # noqa: T201
    sys.exit(bool(through))
