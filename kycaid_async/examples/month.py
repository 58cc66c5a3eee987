"""A script and its report: what a month of verifications cost, who passed, and why others did not.

``python month.py 2026-11`` reads the key from ``KYCAID_API_KEY`` and writes ``month.csv``, without names.
"""

import calendar
import csv
import sys
from collections import Counter
from datetime import date

from kycaid_async import Kycaid

year, month = map(int, sys.argv[1].split("-"))
last_day = calendar.monthrange(year, month)[1]
fees, verdicts, reasons = 0.0, Counter[str](), Counter[str]()

with Kycaid() as client, open("month.csv", "w", newline="", encoding="utf-8-sig") as file:
    table = csv.writer(file)
    table.writerow(["day", "external_applicant_id", "verification_id", "verdict", "reasons"])
    for row in client.verifications.report(date(year, month, 1), date(year, month, last_day)):
        verdict = {True: "passed", False: "declined", None: "pending"}[row.passed]
        verdicts[verdict] += 1
        reasons.update(f"{reason}: {reason.meaning}" for reason in row.reasons)
        fees += row.price or 0
        day = row.created_at.date() if row.created_at else ""
        table.writerow([day, row.external_applicant_id, row.verification_id, verdict, " ".join(row.reasons)])

print(f"{sum(verdicts.values())} verifications: {dict(verdicts)}; fees {fees:.2f}")
for reason, count in reasons.most_common():
    print(f"{count:6} {reason}")
