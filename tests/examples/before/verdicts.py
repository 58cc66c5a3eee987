"""A spreadsheet of people becomes one of verdicts, by single calls of the SDK: ``verdicts.py people.csv FORM_ID``.

It resumes, eight rows at a time. A creation whose answer was lost is looked for in the report; a document is not, so a
run that is cut off between a document and its note makes it twice.
"""

import asyncio
import csv
import sqlite3
import sys
from datetime import UTC, datetime
from pathlib import Path

from kycaid_async import AsyncKycaid, KycaidError, RequestTimeoutError

AT_ONCE = 8
people, form_id = Path(sys.argv[1]), sys.argv[2]
notes = sqlite3.connect("people.notes", isolation_level=None)
notes.execute("PRAGMA synchronous = FULL")
notes.execute("CREATE TABLE IF NOT EXISTS notes (person TEXT, what TEXT, value TEXT, PRIMARY KEY (person, what))")


def noted(person, what):
    row = notes.execute("SELECT value FROM notes WHERE person = ? AND what = ?", (person, what)).fetchone()
    return row and row[0]


def note(person, what, value):
    notes.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", (person, what, value))
    return value


def unnote(person, what):
    notes.execute("DELETE FROM notes WHERE person = ? AND what = ?", (person, what))


async def applicant_of(client, person, row):
    found = noted(person, "applicant")
    if found is None:
        fields = {
            name.partition(".")[2]: value for name, value in row.items() if name.startswith("applicant.") and value
        }
        found = note(person, "applicant", await client.applicants.create(type="PERSON", **fields))
    return found


async def bring_document(client, person, applicant, row):
    if noted(person, "document") is None:
        file = noted(person, "file") or note(
            person, "file", await client.files.create(people.parent / row["front_side"])
        )
        document = await client.documents.create(applicant_id=applicant, type=row["type"], front_side_id=file)
        note(person, "document", document)


async def verification_of(client, person, applicant):
    found = noted(person, "verification")
    if found is not None:
        return found
    since = noted(person, "intent")
    if since is not None:
        rows = await client.verifications.find(applicant_id=applicant, since=datetime.fromisoformat(since))
        if rows:
            return note(person, "verification", rows[0].verification_id)
        if (datetime.now(UTC) - datetime.fromisoformat(since)).total_seconds() < 900:
            raise SystemExit(f"{person}: perhaps started; run it again in a quarter of an hour")
    note(person, "intent", datetime.now(UTC).isoformat())
    try:
        created = await client.verifications.create(applicant_id=applicant, form_id=form_id)
    except KycaidError as error:
        if not error.maybe_processed:
            unnote(person, "intent")
        raise
    return note(person, "verification", created)


async def verdict_of(client, gate, row):
    person = row["applicant.external_applicant_id"]
    async with gate:
        try:
            applicant = await applicant_of(client, person, row)
            await bring_document(client, person, applicant, row)
            verification_id = await verification_of(client, person, applicant)
        except (KycaidError, OSError) as error:
            return [person, "failed", str(error)]
    try:
        verification = await client.verifications.wait(verification_id)
    except RequestTimeoutError:
        return [person, "pending", ""]
    verdict = "passed" if verification.passed else "declined"
    return [person, verdict, "; ".join(reason.meaning for reason in verification.reasons)]


async def main():
    with people.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    gate = asyncio.Semaphore(AT_ONCE)
    async with AsyncKycaid() as client:
        verdicts = await asyncio.gather(*[verdict_of(client, gate, row) for row in rows])
    with open("verdicts.csv", "w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(["external_applicant_id", "verdict", "reasons"])
        table.writerows(verdicts)


asyncio.run(main())
