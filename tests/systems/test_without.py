"""What each system lacks, nothing needs: in processes from which it was taken away before anything was imported."""

import json
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.bulk.manifests import row, with_pictures, write_csv
from tests.cli.slow_server import told
from tests.pictures import picture

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the other systems are simulated on Linux")

HERE = Path(__file__).parent
FINISHING = "finishing 2 in flight; press Ctrl-C again to stop at once\n"


@pytest.fixture
def people(tmp_path):
    """A manifest of four rows in a folder whose name has to be quoted."""
    folder = with_pictures(tmp_path / "my work", *(f"{n}.png" for n in range(4)))
    for n in range(4):
        (folder / f"{n}.png").write_bytes(picture(400 + n))
    return write_csv(folder / "people.csv", [row(document_number=str(n), front_side=f"{n}.png") for n in range(4)])


def left_in(elsewhere):
    return [path.name for path in elsewhere.folder.iterdir()]


def test_files_arrive_whole_by_their_path_in_both_clients_and_in_bulk(elsewhere):
    assert elsewhere.run(HERE / "uploads.py") == (0, "fine\n", "")
    assert left_in(elsewhere) == []


def test_the_demo_runs_and_leaves_nothing_behind(windows):
    code, out, err = windows.run("-m", "kycaid_async.cli", "demo", "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["failed"] == 0
    assert left_in(windows) == []


def test_a_table_with_names_that_the_console_cannot_write_is_printed(elsewhere, tmp_path):
    (tmp_path / "papers").mkdir()
    Image.effect_noise((640, 400), 40).convert("RGB").save(tmp_path / "papers" / "Пас\N{SNOWMAN}порт.jpg")
    code, out, _ = elsewhere.run("-m", "kycaid_async.cli", "demo", "--folder", tmp_path / "papers")
    assert (code, "1 documents" in out) == (0, True)


def served(process):
    """Return the lines up to the one that says where to watch."""
    lines = []
    while not (line := process.stdout.readline()).startswith("To watch it: "):
        assert line, process.stderr.read()
        lines.append(line.rstrip())
    return lines


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT], ids=["C", "TERM", "BREAK"])
def test_the_sandbox_stops_at_a_signal_and_its_data_are_there_again(number, windows, tmp_path):
    for _ in range(2):
        process = windows.start("-m", "kycaid_async.cli", "sandbox", "--port", "0", "--data", tmp_path / "kept")
        lines = served(process)
        process.send_signal(number)
        assert process.communicate(timeout=120) == ("", "")
        assert process.returncode == 0
    assert [line.split("=")[0].strip() for line in lines if "KYCAID_API_KEY" in line] == [
        "$env:KYCAID_API_KEY",
        "set KYCAID_API_KEY",
    ]


def test_what_a_killed_sandbox_left_is_gone_after_the_next_and_one_in_use_stays(windows):
    killed, running = [windows.start("-m", "kycaid_async.cli", "sandbox", "--port", "0") for _ in range(2)]
    served(killed), served(running)
    assert len(left_in(windows)) == 2
    killed.kill()
    killed.communicate()
    third = windows.start("-m", "kycaid_async.cli", "sandbox", "--port", "0")
    served(third)
    assert len(left_in(windows)) == 2
    for process in (running, third):
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=120) == ("", "")
    assert left_in(windows) == []


def test_the_first_ctrl_c_of_an_upload_finishes_what_is_in_flight_and_writes_the_report(elsewhere, server, people):
    server.held = True
    report = people.with_name("report.html")
    words = ("upload", people, "--base-url", server.url, "--concurrency", "2", "--report", report)
    process = elsewhere.start("-m", "kycaid_async.cli", *words)
    for _ in range(2):
        assert server.waiting.acquire(timeout=120)
    process.send_signal(signal.SIGINT)
    assert told(process) == FINISHING
    server.release.set()
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "4 rows: 2 created, 2 left." in out
    assert err.splitlines()[0] == "kycaid: interrupted (SIGINT)"
    assert "interrupted (SIGINT)" in report.read_text(encoding="utf-8")
    assert elsewhere.run("-m", "kycaid_async.cli", *words)[1].startswith("4 rows: 2 created, 2 done before.")


def test_the_second_ctrl_c_of_an_upload_stops_at_once(elsewhere, server, people):
    server.held = True
    process = elsewhere.start(
        "-m", "kycaid_async.cli", "upload", people, "--base-url", server.url, "--concurrency", "2"
    )
    for _ in range(2):
        assert server.waiting.acquire(timeout=120)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
        if told(process) != FINISHING:
            break
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "4 rows: 0 created, 4 left." in out
    assert "Traceback" not in err


def test_rejects_are_set_aside_and_the_advice_fits_the_shell(elsewhere, server, people):
    write_csv(people, [row(type="NONE"), row(document_number="0", front_side="0.png")])
    words = ("upload", people, "--base-url", server.url, "--on-error", "continue")
    code, _, err = elsewhere.run("-m", "kycaid_async.cli", *words)
    assert code == 1
    quote = '"' if elsewhere.system == "windows" else "'"
    rejects = people.with_name("people.rejects.csv")
    assert f"run: kycaid upload {quote}{rejects}{quote} --ledger {quote}{people}.ledger{quote}" in err
    # The same rows again: the file that says what the one before does is gone.
    elsewhere.run("-m", "kycaid_async.cli", *words)
    assert sorted(path.name for path in people.parent.glob("*.rejects*")) == ["people.rejects.csv"]


CALL = """
import sys
from kycaid_async import Kycaid

client = Kycaid(base_url=sys.argv[1])
try:
    client.documents.create(type="PASSPORT", applicant_id="a" * 36, front_side_id="f" * 36)
except KeyboardInterrupt:
    print("interrupted", flush=True)
    sys.exit(0)
"""


def test_ctrl_c_interrupts_a_blocking_call_that_waits(elsewhere, server, tmp_path):
    server.held = True
    (tmp_path / "call.py").write_text(CALL, encoding="utf-8")
    process = elsewhere.start(tmp_path / "call.py", server.url)
    assert server.waiting.acquire(timeout=120)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=20) == ("interrupted\n", "")
