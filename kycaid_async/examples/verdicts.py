"""A spreadsheet of people becomes a spreadsheet of verdicts: ``python verdicts.py people.csv FORM_ID``.

May be cut off and run again at any time: the ledger beside the manifest knows what was done, and nobody is verified
twice. The manifest has a row a document, with columns such as ``applicant.first_name``, ``type`` and ``front_side``.
"""

import csv
import sys

from kycaid_async import Kycaid, Manifest

people, form_id = Manifest.open(sys.argv[1], transliterate=True), sys.argv[2]
with Kycaid() as client, open("verdicts.csv", "w", newline="", encoding="utf-8-sig") as file:
    rows, uploaded = client.bulk.upload_all(people, ledger="people.ledger")
    applicants, started = client.bulk.verify_all(people, ledger="people.ledger", form_id=form_id)
    table = csv.writer(file)
    table.writerow(["external_applicant_id", "verdict", "reasons"])
    for one in client.bulk.results(people, ledger="people.ledger", wait=6 * 3600):
        table.writerow([one.external_applicant_id, one.verdict, "; ".join(reason.meaning for reason in one.reasons)])
print(uploaded, started, sep="\n")
