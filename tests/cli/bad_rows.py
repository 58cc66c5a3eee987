"""Every kind of bad row and bad file that a manifest can have, as a table: a name, what is wrong, and the reason."""

import csv
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kycaid_async.bulk.manifest.row import COLUMNS
from tests.bulk.manifests import new, row

FILE = "front_side: expected an image, a PDF or a video, got one that"
OWNER = "applicant_id: expected this or applicant.external_applicant_id, and not both, got"
COMPANY = {"applicant.type": "COMPANY", "applicant.business_activity_id": "2" * 36, "applicant.company_name": "Quill"}

FIRST = [new("owner", key="first"), new("twice", document_number="1"), new("first")]
"""Good rows that stand before all others, on the lines 2 to 4."""

ROWS: dict[str, tuple[dict[str, Any], str]] = {
    "no type": (row(type=None), "type: expected a value, got nothing"),
    "a type that is none": (row(type="PASPORT"), "type: expected a document type of the reference (did you mean PASS"),
    "no file": (row(front_side=None, back_side="good.png"), "front_side: expected a path or a URL, got nothing"),
    "no owner": (row(applicant_id=None), f"{OWNER} neither"),
    "two owners": (new(applicant_id="1" * 36), f"{OWNER} both"),
    "an id cut short": (row(applicant_id="1" * 35), "applicant_id: expected 36 characters, got 35 characters"),
    "an applicant without your id": (
        new(**{"applicant.external_applicant_id": None, "applicant.first_name": "Ada"}),
        "applicant.external_applicant_id: expected your own id of the applicant, got nothing",
    ),
    "your id too long": (new("x" * 51), "applicant.external_applicant_id: expected at most 50 characters, got 51"),
    "an applicant of no kind": (new(**{"applicant.type": "ROBOT"}), "applicant.type: expected PERSON or COMPANY"),
    "a person with a field of companies": (
        new(**{"applicant.company_name": "Quill"}),
        "applicant.company_name: expected nothing for a person",
    ),
    "a company without a country": (new(**COMPANY), "applicant.registration_country: expected a value, got nothing"),
    "a country of three letters": (
        new(**COMPANY, **{"applicant.registration_country": "GBR"}),
        "applicant.registration_country: expected 2 characters, got 3",
    ),
    "a name that is not Latin": (
        new(**{"applicant.first_name": "Ада"}),
        "applicant.first_name: expected Latin letters",
    ),
    "a name too long": (new(**{"applicant.last_name": "a" * 65}), "applicant.last_name: expected 1 to 64 characters"),
    "a day of birth that is none": (new(**{"applicant.dob": "1990-02-30"}), "applicant.dob: expected a date"),
    "an address that is no e-mail": (new(**{"applicant.email": "ada"}), "applicant.email: expected an e-mail address"),
    "a phone too long": (new(**{"applicant.phone": "+1234567890123456"}), "applicant.phone: expected 1 to 15"),
    "a yes that is not true": (new(**{"applicant.pep": "yes"}), "applicant.pep: expected true or false"),
    "a gender that is none": (new(**{"applicant.gender": "X"}), "applicant.gender: expected one of M, F"),
    "a date the other way round": (row(issue_date="31.12.20"), "issue_date: expected a date as YYYY-MM-DD"),
    "an amount with a comma": (row(transaction_amount="1,5"), "transaction_amount: expected a number"),
    "a currency too long": (row(transaction_currency="EURO"), "transaction_currency: expected at most 3 characters"),
    "a time without seconds": (row(transaction_datetime="2020-01-31 10:00"), "transaction_datetime: expected a time"),
    "an income that is none": (row(income_sources="SALARY,LOTTERY"), "income_sources: expected a list of one of"),
    "a group that is none": (row(annual_income="RICH"), "annual_income: expected one of ANNUAL_INCOME_GROUP_1"),
    "a card cut short": (row(card_number="4111"), "card_number: expected 12 to 19 characters, got 4 characters"),
    "a number too long": (row(document_number="9" * 51), "document_number: expected at most 50 characters, got 51"),
    "an authority too long": (row(issuing_authority="a" * 256), "issuing_authority: expected at most 255"),
    "bytes that are no text": (row(document_number="\udce9"), "document_number: expected text in UTF-8"),
    "a key used twice": (row(key="first", document_number="2"), "key: expected a key of its own, got that of line 2"),
    "a row given twice": (
        new("twice", document_number="1"),
        "row: expected one row of a kind, got the same as in line 3",
    ),
    "an applicant that is somebody else": (
        new("first", **{"applicant.first_name": "Eve"}),
        "applicant.*: expected what line 4 says of this applicant, got something else",
    ),
    "a missing file": (row(front_side="missing.png"), f"{FILE} cannot be opened (No such file or directory)"),
    "an empty file": (row(front_side="empty.png"), f"{FILE} is empty"),
    "a folder": (row(front_side="folder.png"), f"{FILE} is a directory"),
    "a pipe": (row(front_side="pipe.png"), f"{FILE} is not a regular file"),
    "a text": (row(front_side="text.png"), f"{FILE} is none of these by its first bytes"),
    "an archive": (row(front_side="archive.png"), f"{FILE} looks like application/zip"),
    "a file too large": (row(front_side="large.png"), f"{FILE} has 268,435,457 bytes, the limit is 268,435,456"),
    "a missing remote file": (row(front_side="memory://none/a.png"), f"{FILE} cannot be opened (no such file)"),
    "a URL of no kind": (row(front_side="nonsense://a.png"), f"{FILE} cannot be opened (a URL of a kind that is not"),
    "a bad second side": (row(back_side="empty.png"), "back_side: expected an image, a PDF or a video"),
}
"""Rows that are bad for what stands in them, or for the files they name."""

LINES: dict[str, tuple[Callable[[str], str], str]] = {
    "a cell too many": (lambda line: line + ",x", "row: expected {width} cells, got {more}"),
    "a cell below no name": (
        lambda line: line + "x",
        "column {width}: expected no content, for it has no name, got some",
    ),
    "a quote that is not closed": (
        lambda line: line.replace("good.png", '"good.png'),
        "row: expected one line, with quotes in pairs",
    ),
    "text behind a quote": (
        lambda line: line.replace("good.png", '"good".png'),
        "row: expected one line, with quotes in pairs",
    ),
    "a row without an end": (lambda line: line.replace("good.png", "x" * 70_000), "row: expected at most 65,536"),
}
"""Lines that are no rows, by what was done to a good one, which ends in an empty cell below no name."""


def write(path: Path) -> tuple[dict[int, str], int]:
    """Write a manifest with each of them between two good rows; return the reasons by line, and how many are good."""
    columns = [name for name in COLUMNS if any(name in row for row, _ in ROWS.values())] + [""]
    width = len(columns)
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(FIRST)
    reasons: dict[int, str] = {}
    line = 2 + len(FIRST)
    for bad, reason in (*ROWS.values(), *LINES.values()):
        if isinstance(bad, dict):
            writer.writerow(bad)
        else:
            begun = text.tell()
            writer.writerow(new(f"bad {line}", front_side="good.png"))
            whole = text.getvalue()[begun:-1]
            text.truncate(begun)
            text.seek(begun)
            text.write(bad(whole) + "\n")
        writer.writerow(new(f"good {line}", front_side="good.png"))
        reasons[line] = reason.format(width=width, more=width + 1)
        line += 2
    path.write_text(text.getvalue(), encoding="utf-8", errors="surrogateescape", newline="")
    return reasons, len(FIRST) + len(reasons)


def make_files(folder: Path) -> None:
    (folder / "empty.png").touch()
    (folder / "folder.png").mkdir()
    os.mkfifo(folder / "pipe.png")
    (folder / "text.png").write_text("hello, I am a text")
    (folder / "archive.png").write_bytes(b"PK\x03\x04" + bytes(60))
    with (folder / "large.png").open("wb") as file:
        file.truncate(2**28 + 1)
