"""``kycaid report``: what was verified on some days and what it cost, as a table and as sums."""

import json

import openpyxl
import pandas as pd
import pytest
from anyio.from_thread import start_blocking_portal
from typer.testing import CliRunner

from kycaid_async.cli.app import app
from tests.conftest import API_KEY
from tests.serving import Serving

PAGE = 1000
ROW = {
    "created_at": "2026-11-01 10:00:00",
    "verification_id": "0" * 36,
    "applicant_id": "1" * 36,
    "external_applicant_id": "000017",
    "form_id": 12666,
    "status": "completed",
    "service": "KYC",
    "method": "API",
    "verification_types": ["DOCUMENT", "FACIAL"],
    "country_code": "GB",
    "decline_reasons": [],
    "processing_time": 116,
    "price": 1.1,
    "mode": "LIVE",
    "name": "Jane Roe",
    "dob": "1990-01-01",
    "email": "=cmd|'/c calc'!A0",
}


class ReportServer:
    """Gives the rows of days, a thousand a call."""

    def __init__(self):
        self.days, self.breaks_at = {}, None
        self.asked = []
        self.serving = Serving(self.serve)

    async def serve(self, reader, writer):
        while head := await reader.readuntil(b"\r\n\r\n"):
            target = head.split(b" ", 2)[1].decode()
            query = dict(pair.split("=") for pair in target.partition("?")[2].split("&"))
            self.asked.append(query)
            if len(self.asked) == self.breaks_at:
                status, text = 401, b'{"type": "unauthorized", "errors": []}'
            else:
                offset = int(query["offset"])
                status, text = 200, json.dumps(self.days.get(query["date"], [])[offset : offset + PAGE]).encode()
            kind = b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(text)
            writer.write(b"HTTP/1.1 %d Reason\r\n" % status + kind + text)
            await writer.drain()


@pytest.fixture
def server():
    made = ReportServer()
    with start_blocking_portal() as portal:
        portal.call(made.serving.listen)
        yield made
        portal.call(made.serving.close)


@pytest.fixture
def report(monkeypatch, server):
    monkeypatch.setenv("KYCAID_API_KEY", API_KEY)

    def run(*words):
        words = ["report", *map(str, words), "--base-url", server.serving.url]
        return CliRunner().invoke(app, words, catch_exceptions=False)

    return run


@pytest.fixture
def month(server):
    server.days["2026-11-01"] = [ROW, ROW | {"decline_reasons": "7,24", "price": "2.2", "mode": "TEST"}]
    server.days["2026-11-03"] = [
        ROW | {"status": "pending", "decline_reasons": None, "price": 1.1},
        {"status": "completed", "service": "SERVICE", "method": "PHONE", "price": 0.05, "mode": "LIVE"},
    ]


def test_a_month_is_exported_with_its_fees(report, month, tmp_path):
    done = report("2026-11-01", "2026-11-03", "-o", tmp_path / "month.xlsx")
    assert done.exit_code == 0, done.output
    assert [line.split() for line in done.output.splitlines()[:-1]] == [
        ["mode", "service", "rows", "completed", "declined", "fees"],
        ["LIVE", "KYC", "2", "1", "0", "2.20"],
        ["LIVE", "SERVICE", "1", "1", "0", "0.05"],
        ["TEST", "KYC", "1", "1", "1", "2.20"],
        ["all", "4", "3", "1", "4.45"],
    ]
    head, *rows = openpyxl.load_workbook(tmp_path / "month.xlsx")["Report"].iter_rows(values_only=True)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    assert [(r["mode"], r["fee"], r["passed"]) for r in found] == [
        ("LIVE", 1.1, "true"),
        ("TEST", 2.2, "false"),
        ("LIVE", 1.1, None),
        ("LIVE", 0.05, None),
    ]
    assert (found[0]["external_applicant_id"], found[0]["form_id"], found[0]["created_at"]) == (
        "000017",
        "12666",
        "2026-11-01 10:00:00",
    )
    assert found[1]["decline_reasons"].startswith("BAD_QUALITY (7): the image cannot be read; DUPLICATE (24)")
    assert not {"name", "dob", "email"} & set(head)


def test_who_they_are_is_there_when_asked_for_and_is_text(report, month, tmp_path):
    assert report("2026-11-01", "-o", tmp_path / "m.csv", "--personal").exit_code == 0
    frame = pd.read_csv(tmp_path / "m.csv", dtype=str)
    assert list(frame.name) == ["Jane Roe"] * 2
    assert list(frame.email) == ["'=cmd|'/c calc'!A0"] * 2


@pytest.mark.parametrize("ending", ["jsonl", "parquet"])
def test_fees_are_numbers_to_be_summed(report, month, tmp_path, ending):
    path = tmp_path / f"m.{ending}"
    assert report("2026-11-01", "2026-11-03", "-o", path).exit_code == 0
    frame = pd.read_parquet(path) if ending == "parquet" else pd.read_json(path, lines=True)
    assert frame.fee.sum() == pytest.approx(4.45)


def test_sums_as_json_are_exact(report, month):
    found = json.loads(report("2026-11-01", "2026-11-03", "--json").output)
    assert (found["rows"], found["fees"], len(found["of"])) == (4, 4.45, 3)


def test_days_with_thousands_are_paged(report, server, tmp_path):
    server.days["2026-11-01"] = [ROW | {"verification_id": f"{n:036}"} for n in range(2500)]
    assert report("2026-11-01", "-o", tmp_path / "m.jsonl").exit_code == 0
    assert [query["offset"] for query in server.asked] == ["0", "1000", "2000"]
    assert len((tmp_path / "m.jsonl").read_text().splitlines()) == 2500


def test_what_breaks_off_leaves_no_half_of_a_table(report, server, month, tmp_path):
    server.breaks_at = 3
    (tmp_path / "m.csv").write_text("old")
    done = report("2026-11-01", "2026-11-03", "-o", tmp_path / "m.csv")
    assert done.exit_code == 1
    assert "HTTP 401" in done.output
    assert [path.name for path in tmp_path.iterdir()] == ["m.csv"]
    assert (tmp_path / "m.csv").read_text() == "old"


@pytest.mark.parametrize(
    "words",
    [
        ["yesterday"],
        ["2026-11-31"],
        ["2026-11-02", "2026-11-01"],
        ["2026-11-01", "-o", "x.ods"],
        ["2026-11-01", "-o", "/none/x.csv"],
    ],
)
def test_what_cannot_work_is_one_line(report, words):
    done = report(*words)
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1


def test_no_rows_are_named(report):
    assert "No rows on these days." in report("2026-11-01").output
