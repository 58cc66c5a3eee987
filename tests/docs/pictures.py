"""Make the README's pictures anew: ``python -m tests.docs.pictures``.

Records `kycaid upload` of a made-up spreadsheet in a terminal of 80 columns as an SVG that moves, and takes a picture
of the sandbox's dashboard afterwards. It needs the extras ``[docs]`` and ``[test]``, Chromium and its driver.
"""

import csv
import fcntl
import html
import io
import os
import pty
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pyte
from PIL import Image

from kycaid_async.sandbox import Fault
from kycaid_async.sandbox.data.account import FORMS
from kycaid_async.testing import RunningSandbox, Sandbox
from tests.docs.pages import DOCS
from tests.sandbox.pages.browser import browser

PICTURES: Final = DOCS / "_static"
_COLUMNS, _LINES, _WIDTH = 80, 8, 8.45
_ROWS: Final = 120
_FIRST: Final = ("Alex", "Chris", "Jane", "John", "Kim", "Sam")
_LAST: Final = ("Sample", "Example", "Specimen", "Muster")
_HEADER: Final = (
    *(f"applicant.{name}" for name in ("external_applicant_id", "first_name", "last_name", "dob")),
    *("type", "expiry_date", "front_side"),
)
_MOST_FRAMES: Final = 16
_LAST_FRAME: Final = 4.0
"""Seconds that the last frame stands, before it begins again."""
_FORE, _BACK = "#d8dee4", "#161b22"
_COLORS: Final = {"green": "#57ab5a", "red": "#e5534b", "magenta": "#b083f0", "cyan": "#39c5cf", "brown": "#c69026"}
_SVG: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">
<title>{title}</title>
<style>
text {{ font: 14px ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; white-space: pre }}
{styles}
</style>
<rect width="100%" height="100%" rx="8" fill="{back}"/>
{frames}
</svg>
"""
Shown = list[list[tuple[int, str, str]]]
"""Of each line: pieces of text with the column at which they begin and their color."""


def write_spreadsheet(folder: Path) -> None:
    """Write ``people.csv`` and the scans that it names."""
    (folder / "scans").mkdir()
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_HEADER)
        for number in range(_ROWS):
            scan = f"scans/{number:03d}.jpg"
            Image.effect_noise((900, 600), 60 + number % 50).save(folder / scan)
            expiry = "2019-01-31" if number % 9 == 1 else "2031-05-06"
            name = (_FIRST[number % len(_FIRST)], _LAST[number % len(_LAST)])
            writer.writerow([f"user-{number:03d}", *name, "1985-12-10", "PASSPORT", expiry, scan])


def screens(folder: Path, environment: dict[str, str], *words: str) -> Iterator[tuple[float, Shown]]:
    """Run a command in a terminal, and give each picture that it shows, with the seconds since its start."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(folder)
        os.execvpe(words[0], words, environment)  # noqa: S606 - there is no shell between
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _LINES, _COLUMNS, 0, 0))
    screen = pyte.Screen(_COLUMNS, _LINES)
    stream = pyte.ByteStream(screen)
    stream.feed(f"$ {' '.join([Path(words[0]).name, *words[1:]])}\r\n".encode())
    started = time.perf_counter()
    while True:
        try:
            stream.feed(os.read(terminal, 65536))
        except OSError:  # its end, as Linux says it
            break
        yield time.perf_counter() - started, [_pieces(screen.buffer[line]) for line in range(_LINES)]
    os.close(terminal)
    _, status = os.waitpid(child, 0)
    if status:
        raise SystemExit(f"{' '.join(words)} ended with {os.waitstatus_to_exitcode(status)}")


def _pieces(line: Any) -> list[tuple[int, str, str]]:
    pieces: list[tuple[int, str, str]] = []
    for column in range(_COLUMNS):
        cell = line[column]
        color = _COLORS.get(cell.fg, _FORE if cell.fg == "default" else f"#{cell.fg}" if len(cell.fg) == 6 else _FORE)
        if pieces and pieces[-1][2] == color:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + cell.data, color)
        else:
            pieces.append((column, cell.data, color))
    return [(column, text.rstrip(), color) for column, text, color in pieces if text.strip()]


def animation(title: str, shown: list[tuple[float, Shown]]) -> str:
    """Return an SVG that shows screens one after the other, each as long as it stood, and begins anew at the end."""
    step = max(1, len(shown) // _MOST_FRAMES)
    kept = [*shown[:-1:step], shown[-1]]
    starts = [0.0, *(start for start, _ in kept[1:]), kept[-1][0] + _LAST_FRAME]
    styles = [_style(number, starts) for number in range(len(kept))]
    # Who wants no movement sees the end.
    hidden = ",".join(f".f{number}" for number in range(len(kept) - 1))
    styles.append(f"@media (prefers-reduced-motion){{g{{animation:none!important}}{hidden}{{opacity:0}}}}")
    frames = [f'<g class="f{number}">{"".join(_texts(lines))}</g>' for number, (_, lines) in enumerate(kept)]
    return _SVG.format(
        width=round(_COLUMNS * _WIDTH) + 24,
        height=_LINES * 19 + 20,
        title=html.escape(title),
        styles="\n".join(styles),
        back=_BACK,
        frames="\n".join(frames),
    )


def _style(number: int, starts: list[float]) -> str:
    before, after = (start / starts[-1] * 100 for start in starts[number : number + 2])
    hidden = f"0%,{before:.2f}%{{opacity:0}}" if number else ""
    gone = f"{after:.2f}%,to{{opacity:0}}" if number + 2 < len(starts) else "to{opacity:1}"
    return (
        f"@keyframes f{number}{{{hidden}{before:.2f}%,{after:.2f}%{{opacity:1}}{gone}}}\n"
        f".f{number}{{animation:f{number} {starts[-1]:.2f}s step-end infinite}}"
    )


def _texts(lines: Shown) -> Iterator[str]:
    for row, pieces in enumerate(lines):
        for column, text, color in pieces:
            place = f'x="{12 + column * _WIDTH:.0f}" y="{26 + row * 19}" textLength="{len(text) * _WIDTH:.0f}"'
            yield f'<text {place} fill="{color}" xml:space="preserve">{html.escape(text)}</text>'


def photograph(sandbox: RunningSandbox, path: Path) -> None:
    """Write a picture of the dashboard, small enough for a README."""
    with browser(width=1100) as person:
        person.driver.get(f"{sandbox.url}/_sandbox/")
        person.saying("#live", "live")
        taken = Image.open(io.BytesIO(person.driver.get_screenshot_as_png()))
    taken.convert("RGB").crop((0, 0, 1085, 720)).quantize(64).save(path, optimize=True)


def main() -> int:
    """Run the command."""
    kycaid = str(Path(sys.executable).with_name("kycaid"))
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        folder = Path(name)
        write_spreadsheet(folder)
        account = {"KYCAID_API_KEY": sandbox.api_key, "KYCAID_BASE_URL": sandbox.url, "TERM": "xterm-256color"}
        environment = os.environ | account
        fault = sandbox.faults.add(Fault.parse("latency=0.15"))
        shown = list(screens(folder, environment, kycaid, "upload", "people.csv"))
        sandbox.faults.remove(fault)
        (PICTURES / "upload.svg").write_text(animation("kycaid upload people.csv", shown), encoding="utf-8")
        for words in (["verify", "people.csv", "--form", FORMS[0].id, "--yes"], ["results", "people.csv"]):
            subprocess.run([kycaid, *words], cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
        photograph(sandbox, PICTURES / "dashboard.png")
    for path in (PICTURES / "upload.svg", PICTURES / "dashboard.png"):
        print(f"{path.name}: {path.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
