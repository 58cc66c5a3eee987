"""The report of a month with aiohttp alone: ``python month.py 2026-11``. It knows no meanings of reasons."""

import asyncio
import calendar
import csv
import os
import sys
from collections import Counter

import aiohttp

PAGE, ATTEMPTS = 1000, 5
year, month = map(int, sys.argv[1].split("-"))
last_day = calendar.monthrange(year, month)[1]
server = os.environ.get("KYCAID_BASE_URL", "https://api.kycaid.com")
fees, verdicts, reasons = Counter(), Counter(), Counter()


async def page(session, day, offset):
    query = {"date": day, "offset": str(offset), "count": str(PAGE)}
    for attempt in range(ATTEMPTS):
        if attempt:
            await asyncio.sleep(2**attempt)
        try:
            async with session.get(f"{server}/verifications/report", params=query) as answer:
                if answer.status == 429 or answer.status >= 500:
                    continue
                answer.raise_for_status()
                data = await answer.json()
                return data if isinstance(data, list) else data.get("data", [])
        except (aiohttp.ClientConnectionError, TimeoutError):
            continue
    sys.exit(f"{day}: no answer")


async def rows_of(session, day):
    offset, seen = 0, set()
    while rows := await page(session, day, offset):
        fresh = [row for row in rows if row["verification_id"] not in seen]
        for row in fresh:
            yield row
        seen.update(row["verification_id"] for row in fresh)
        if len(rows) < PAGE or not fresh:
            return
        offset += PAGE


def reasons_of(row):
    listed = row.get("decline_reasons") or []
    listed = listed.split(",") if isinstance(listed, str) else listed  # seen as a list, and as one text
    return [str(reason.get("code", reason) if isinstance(reason, dict) else reason) for reason in listed]


def verdict_of(row):
    if row.get("status") != "completed" or row.get("service") == "SERVICE":
        return "pending"
    return "declined" if reasons_of(row) else "passed"


async def main():
    headers = {"Authorization": f"Token {os.environ['KYCAID_API_KEY']}"}
    with open("month.csv", "w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(["day", "external_applicant_id", "verification_id", "verdict", "reasons"])
        async with aiohttp.ClientSession(headers=headers, timeout=aiohttp.ClientTimeout(30)) as session:
            for number in range(1, last_day + 1):
                day = f"{year}-{month:02}-{number:02}"
                async for row in rows_of(session, day):
                    verdict, why = verdict_of(row), reasons_of(row)
                    verdicts[verdict] += 1
                    reasons.update(why)
                    fees["all"] += float(row.get("price") or 0)
                    table.writerow(
                        [day, row.get("external_applicant_id"), row["verification_id"], verdict, " ".join(why)]
                    )


asyncio.run(main())
print(f"{sum(verdicts.values())} verifications: {dict(verdicts)}; fees {fees['all']:.2f}")
for reason, count in reasons.most_common():
    print(f"{count:6} {reason}")
