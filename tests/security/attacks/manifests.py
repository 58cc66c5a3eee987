"""Attacks by cells of a manifest: on code, on files elsewhere, on hosts inside, and on who opens the rejects."""

import itertools
import json
import os
import random
import re
import socket
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import fsspec

from kycaid_async import BadRow, InvalidFileError, Manifest, UploadSourceError, UrlRules, check_manifest, read_manifest
from kycaid_async.bulk.remote.source import RemoteSource
from kycaid_async.timing import Timing
from tests.pictures import picture
from tests.security.outcome import Outcome

NAME = "Cells of a manifest: other URLs, inside hosts, other files, formulas"

PROTOCOLS = sorted({*fsspec.available_protocols(), "data", "reference", "nonsense"} - {"https", "http"})
USUAL = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss"}
TAILS = ["x.png", "host/x.png", "/etc/passwd", "x.jpg::data:application/json;base64,e30=", "a::file:///etc/passwd"]
SPELLINGS = [str, str.upper, str.title, " {}".format, "\t{}".format, "\u200b{}".format, "simplecache::{}".format]
SPELLINGS += ["zip://a::{}".format, "{}::zip://a".format, "\ufeff{}".format, quote, "\x00{}".format]
SCHEMES, PLACES = ("http", "https", "HTTP"), ("/", "/latest/meta-data/?a=b#c")
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


async def attack(chance: random.Random, cases: int) -> Outcome:
    outcome = Outcome()
    await _urls(outcome, _some(chance, cases, itertools.product(PROTOCOLS, TAILS, SPELLINGS)))
    await _hosts(outcome, _some(chance, cases, itertools.product(SCHEMES, LOOPBACKS, PLACES)))
    if sys.platform != "win32":  # links and special files of POSIX
        await _paths(outcome, _some(chance, cases, itertools.product(PREFIXES, TARGETS)))
    _cells(outcome, list(_hostile_cells(chance, cases)))
    return outcome


def _some(chance: random.Random, cases: int, of: Iterable[Any]) -> list[Any]:
    """Return as many as are asked for, and all when that is enough."""
    everything = list(of)
    return chance.sample(everything, min(len(everything), 5 * cases))


async def _refused(source: Any) -> bool:
    try:
        reading = await source.open()
    except (InvalidFileError, UploadSourceError):
        return True
    await reading.close()
    return False


async def _urls(outcome: Outcome, tries: list[Any]) -> None:
    """No URL of another kind reaches fsspec, and so none makes a filesystem."""
    asked: list[str] = []

    def ask(what: str, **_: Any) -> None:
        asked.append(what)
        raise OSError

    with mock.patch.object(fsspec.core, "url_to_fs", ask), mock.patch.object(fsspec, "get_filesystem_class", ask):
        for protocol, tail, spell in tries:
            url = spell(f"{protocol}://{tail}")
            plain = protocol in USUAL and "::" not in url and url.lower().startswith(protocol)
            asked.clear()
            refused = "://" not in url or await _refused(RemoteSource(url))
            outcome.count(refused and (plain or not asked), f"URL {url!r}")


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


async def _hosts(outcome: Outcome, tries: list[Any]) -> None:
    """No URL makes a connection to this machine."""

    async def at_once(_: float) -> None:
        return

    listener = _Listener()
    try:
        for scheme, host, path in tries:
            rules = UrlRules(allow_protocols=["http"])
            source = RemoteSource(f"{scheme}://{host}:{listener.port}{path}", rules=rules, timing=Timing(sleep=at_once))
            outcome.count(await _refused(source) and not listener.connections, f"host {source.url}")
            listener.connections = 0
    finally:
        listener.close()


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


async def _paths(outcome: Outcome, tries: list[Any]) -> None:
    """No path of a row reaches a file outside of its folder."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        inside = _world(folder)
        cells = [p + t.format(folder.name, folder) for p, t in tries] + ["good.png"]
        rows = [
            {"applicant_id": "1" * 36, "type": "PASSPORT", "front_side": cell, "key": str(number)}
            for number, cell in enumerate(cells)
        ]
        (inside / "people.jsonl").write_text("\n".join(map(json.dumps, rows)))
        found = [row async for row in check_manifest(inside / "people.jsonl")]
    for cell, row in zip(cells, found, strict=True):
        outcome.count(isinstance(row, BadRow) == (cell != "good.png"), f"path {cell!r}")


def _hostile_cells(chance: random.Random, cases: int) -> Iterator[str]:
    for start, blank, body in itertools.product(
        "=+-@\uff1d\uff0b", ["", " ", '"', "\u200b", "'"], ["cmd|' /C x'!A0", "A1"]
    ):
        yield f"{blank}{start}{body}"
    for _ in range(3 * cases):
        yield "a" + "".join(chance.choices("=+-@'\",;| 1aA!()", k=8)) + "b"


def _cells(outcome: Outcome, texts: list[str]) -> None:
    """No cell of a file of rejects is a formula, and all say what they said."""
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
    for text, line, after in zip(said, lines, again, strict=True):
        outcome.count(text == after and not FORMULA.search(line), f"cell {text!r}")
