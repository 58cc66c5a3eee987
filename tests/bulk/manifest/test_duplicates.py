"""What was seen: it may be closed while a thread uses it, and what stands in its file cannot be guessed."""

import hashlib
import sqlite3
import subprocess
import sys
import threading

import pytest

from kycaid_async.bulk.manifest.check import DuplicateIndex


def test_the_line_of_the_first_is_given_with_whether_it_said_the_same():
    with DuplicateIndex() as index:
        assert index.first(b"a", 1, b"says") == (1, b"says")
        assert index.first(b"a", 2, b"says") == (1, b"says")
        line, said = index.first(b"a", 3, b"other")
        assert (line, said != b"other") == (1, True)


def test_closing_waits_for_the_statement_of_another_thread_and_what_comes_after_is_an_error():
    for _ in range(50):
        index, errors = DuplicateIndex(), []

        def use(index=index, errors=errors):
            try:
                for number in range(100_000):
                    index.first(b"%d" % number, number)
            except sqlite3.ProgrammingError as error:
                errors.append(error)

        thread = threading.Thread(target=use)
        thread.start()
        with index:
            pass
        thread.join()
        assert len(errors) == 1


def test_digests_do_not_stand_in_the_temporary_file():
    digest = hashlib.sha256(b"1990-01-01").digest()
    with DuplicateIndex() as index:
        index.first(digest, 1, digest)
        [(key, said)] = index._db.execute("SELECT digest, fingerprint FROM seen").fetchall()
    assert digest not in (key, said)


@pytest.mark.parametrize("way", ["cancelled", "closed"])
def test_a_check_that_is_given_up_again_and_again_ends_no_process(tmp_path, way):
    lines = "\n".join(f"{number:036},PASSPORT,N{number}" for number in range(3000))
    (tmp_path / "people.csv").write_text(f"applicant_id,type,document_number\n{lines}\n")
    program = f"""
import asyncio
from kycaid_async import check_manifest

async def check():
    async for _ in check_manifest({str(tmp_path / "people.csv")!r}):
        pass

async def main():
    for round in range(60):
        if {way!r} == "cancelled":
            task = asyncio.create_task(check())
            for _ in range(round % 12 + 1):
                await asyncio.sleep(0.001 * (round % 3))
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        else:
            rows = check_manifest({str(tmp_path / "people.csv")!r})
            async for _ in rows:
                break
            await rows.aclose()

asyncio.run(main())
"""
    command = [sys.executable, "-X", "dev", "-X", "faulthandler", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told = [line for line in done.stderr.splitlines() if not line.startswith("Executing ")]  # it was slow
    assert (done.returncode, told) == (0, [])
