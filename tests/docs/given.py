"""Files that readers of the documentation have: their scans, their export, their manifest."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Final

from PIL import Image

from tests.cli.exports import CUSTOMERS, write_export


def _picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.effect_noise((1200, 800), 90).save(path)


def _export(folder: Path) -> None:
    write_export(folder, "a workbook of openpyxl").rename(folder / "export.xlsx")
    for customer in CUSTOMERS:
        _picture(folder / customer.file.replace("\\", "/"))


def _people(folder: Path) -> None:
    rows = [
        ("user-17", "Ada", "Example", "1985-12-10", "PASSPORT", "2031-05-06", "scans/17.png"),
        ("user-18", "Grace", "Example", "1976-12-09", "PASSPORT", "2019-01-31", "scans/18.png"),
        ("user-19", "Alan", "Example", "1992-06-23", "PASSPORT", "2032-02-01", "scans/19.png"),
    ]
    names = ["external_applicant_id", "first_name", "last_name", "dob"]
    with (folder / "people.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([*(f"applicant.{name}" for name in names), "type", "expiry_date", "front_side"])
        writer.writerows(rows)
    for row in rows:
        _picture(folder / row[-1])


MAKERS: Final[dict[str, Callable[[Path], None]]] = {
    "passport.png": lambda folder: _picture(folder / "passport.png"),
    "selfie.png": lambda folder: _picture(folder / "selfie.png"),
    "export.xlsx": _export,
    "people.csv": _people,
}
"""How each is made in a folder. Files that belong to it come with it."""
