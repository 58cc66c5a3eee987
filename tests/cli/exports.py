"""Exports of a customer's program, as a compliance officer has them: in four forms, all of the same people."""

import csv
import datetime as dt
from pathlib import Path

import attrs
import openpyxl
import xlsxwriter
from openpyxl.styles import Font

from tests.pictures import picture


@attrs.frozen
class Customer:
    """A row of an export, and what KYCAID gets of it."""

    number: int
    last: str
    first: str
    born: dt.date
    expires: dt.date
    sent: str

    @property
    def id(self) -> str:
        return f"{self.number:06d}"

    @property
    def file(self) -> str:
        return f"Scans\\{self.id} {self.last}.png"


CUSTOMERS = (
    Customer(17, "Müller", "Jörg", dt.date(1990, 2, 1), dt.date(2031, 5, 6), "JOERG MUELLER"),
    Customer(18, "Groß-Nuñez", "Renée", dt.date(1985, 12, 13), dt.date(2019, 5, 6), "RENEE GROSS-NUNEZ"),
    Customer(20, "Öztürk", "Zoë", dt.date(1979, 7, 31), dt.date(2031, 12, 13), "ZOE OEZTUERK"),
)
NAMES = ("Kundennummer", "Nachname", "Vorname", "Geburtsdatum", "Dokumenttyp", "Gültig bis", "Datei", "Notiz")
TITLE = "Kundenliste KYC, Stand 28.11.2026"
ZEROS, DATES = "000000", "dd.mm.yyyy"


def _cells(one: Customer) -> list[object]:
    return [one.number, one.last, one.first, one.born, "PASSPORT", one.expires, one.file, "geprüft; =ja"]


def _texts(one: Customer) -> list[str]:
    return [one.id, *(f"{cell:%d.%m.%Y}" if isinstance(cell, dt.date) else str(cell) for cell in _cells(one)[1:])]


def _with_openpyxl(path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Kunden"
    sheet.append([TITLE])
    sheet.merge_cells("A1:H1")
    sheet["A1"].font = Font(bold=True, size=14)
    sheet.append([])
    sheet.append([*NAMES, None])
    for one in CUSTOMERS:
        sheet.append([*_cells(one), None])
        sheet.cell(sheet.max_row, 1).number_format = ZEROS
        for column in (4, 6):
            sheet.cell(sheet.max_row, column).number_format = DATES
    sheet.cell(sheet.max_row, 4).value = f"{CUSTOMERS[-1].born:%d.%m.%Y}"  # typed as text
    sheet.cell(sheet.max_row + 3, 9).font = Font(bold=True)  # a format where nothing stands
    book.create_sheet("Tabelle2")
    book.save(path)


def _with_xlsxwriter(path: Path) -> None:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False}) as book:
        sheet = book.add_worksheet("Kunden")
        zeros, dates = (book.add_format({"num_format": form}) for form in (ZEROS, "[$-407]d. mmmm yyyy;@"))
        sheet.write_row(0, 0, NAMES)
        sheet.set_column(8, 8, 20, book.add_format({"bg_color": "#eeeeee"}))
        sheet.write_blank(0, 8, None, dates)
        for at, one in enumerate(CUSTOMERS, 1):
            for column, cell in enumerate(_cells(one)):
                form = zeros if column == 0 else dates if isinstance(cell, dt.date) else None
                sheet.write(at, column, cell, form)
        sheet.autofilter(0, 0, len(CUSTOMERS), 7)


def _as_csv(encoding: str):
    def write(path: Path) -> None:
        with path.open("w", encoding=encoding, newline="") as file:
            writer = csv.writer(file, delimiter=";")
            writer.writerows([[*NAMES, ""], *([*_texts(one), ""] for one in CUSTOMERS)])

    return write


FORMS = {
    "a workbook of openpyxl": ("Export.xlsx", _with_openpyxl, ()),
    "a workbook of XlsxWriter": ("Export.xlsx", _with_xlsxwriter, ()),
    "CSV of Windows": ("Export.csv", _as_csv("cp1252"), ("--encoding", "cp1252")),
    "CSV with a mark": ("Export.csv", _as_csv("utf-8-sig"), ()),
}


def write_export(folder: Path, form: str) -> Path:
    """Write an export, and its scans beside it."""
    name, write, _ = FORMS[form]
    (folder / "Scans").mkdir(parents=True)
    for one in CUSTOMERS:
        (folder / one.file.replace("\\", "/")).write_bytes(picture(400 + one.number))
    write(folder / name)
    return folder / name
