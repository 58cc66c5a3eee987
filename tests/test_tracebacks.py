"""Frames without variables, where something watches every frame: a debugger, a profiler, coverage."""

import subprocess
import sys

import pytest

PROGRAM = """
import asyncio, sys, traceback
from kycaid_async import AsyncKycaid, KycaidError

async def main():
    async with AsyncKycaid("k" * 36, base_url="http://127.0.0.1:9", max_retries=0) as client:
        for _ in range(300):
            try:
                await client.documents.get("d" * 36)
            except KycaidError as error:
                kept = error
    frames = [frame for frame, _ in traceback.walk_tb(kept.__traceback__)]
    assert len(frames) > 1 and all(not frame.f_locals and frame.f_back is None for frame in frames[1:])
    assert "^^^" not in "".join(traceback.format_exception(kept))

WATCH
asyncio.run(main())
print("fine")
"""

WATCHERS = {
    "nothing": "",
    "a debugger": "def watch(*_):\n    return watch\nsys.settrace(watch)",
    "a debugger that reads lines": ("def watch(frame, *_):\n    frame.f_lineno\n    return watch\nsys.settrace(watch)"),
    "a profiler": "sys.setprofile(lambda *_: None)",
}


@pytest.mark.parametrize("watcher", WATCHERS)
def test_a_program_that_is_watched_goes_on_after_failures(watcher):
    program = PROGRAM.replace("WATCH", WATCHERS[watcher])
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr


def test_a_program_under_coverage_goes_on_after_failures(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM.replace("WATCH", ""))
    command = [sys.executable, "-m", "coverage", "run", "--branch", "--source=kycaid_async", "program.py"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "fine\n"), done.stderr
