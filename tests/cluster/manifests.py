"""Manifests for runs on a cluster, with their files."""

from tests.cluster.server import applicant
from tests.pictures import PNG_START


def write_manifest(folder, count, *, people=None, contents=20, name="people.csv"):
    """Write a manifest of so many rows, whose applicants and files come again in rows far apart."""
    people = people or max(1, count // 4)
    for n in range(contents):
        (folder / f"{n}.png").write_bytes(PNG_START + b"%d " % n * 500)
    lines = ["key,type,document_number,applicant.type,applicant.external_applicant_id,applicant.first_name,front_side"]
    lines += [
        f"KeyCanary{n},PASSPORT,NUMBERCANARY{n:07},PERSON,E{n % people},Canaryname,{n % contents}.png"
        for n in range(count)
    ]
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def write_ids(folder, count, *, name="ids.csv"):
    """Write a table of applicants that the server has from the start."""
    path = folder / name
    lines = [f"{applicant(n)},KeyCanary{n}" for n in range(count)]
    path.write_text("\n".join(["applicant_id,key", *lines]) + "\n", encoding="utf-8")
    return path
