"""Conversion of what stands in cells into fields, and what is wrong with cells that programs have changed."""

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import attrs

from kycaid_async.bulk.manifest.dates import DateColumn, DateFormat, first_that_reads
from kycaid_async.bulk.manifest.format import Record, trimmed
from kycaid_async.bulk.manifest.latin import in_latin_letters
from kycaid_async.bulk.manifest.options import ManifestOptions
from kycaid_async.bulk.manifest.row import APPLICANT, column_type, is_text, shown_column
from kycaid_async.bulk.manifest.sheets.cells import CHANGED, NO_DAY, SheetCell
from kycaid_async.bulk.row import SIDES
from kycaid_async.errors import FieldProblem, ManifestError

_NAMES: Final = tuple(APPLICANT + name for name in ("first_name", "middle_name", "last_name"))
"""Columns that take Latin letters only."""
_ERROR: Final = re.compile(
    "#(?:N/?[AVD]|REF!|VALUE!|NAME[?]|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA)|"
    "#(?:BEZUG!|WERT!|ZAHL!|ÜBERLAUF!|KALK!)|"
    "#¡(?:REF!|VALOR!|DIV/0!|NUM!|NÚM!|NULO!)|#¿NOMBRE[?]|"
    "#(?:\u041d/Д|ССЫЛКА!|ЗНАЧ!|ИМЯ[?]|ДЕЛ/0!|ЧИСЛО!|ПУСТО!)|"
    "#{4,}"
)
"""What a spreadsheet shows in the place of a value; the last is a column that is too narrow."""
_OWN_ERRORS: Final = {
    "#FORMULA!": ("a value; open the workbook in Excel and save it", "a formula that was never calculated"),
    NO_DAY: ("a date", "a number that Excel shows as no day, such as the 0 of an empty cell"),
    CHANGED: ("text; format the column as text and write it anew", "a number that its format shows as something else"),
    "#STRUCT!": ("a value", "one with others inside"),
    "#TIME!": ("a value", "a time of day, or a duration"),
}
"""What we write in the place of a value, also into files of rejects, with what was wanted and what is there."""
_CUT: Final = re.compile(r"[+-]?\d(?:[.,]\d+)?[eE]\+\d{1,3}", re.ASCII)
_WITH_GAPS: Final = re.compile(r"\d+\.0", re.ASCII)
_NUMBERS: Final = frozenset(
    {
        *("key", "document_number", "additional_number", "card_number", "account_number"),
        *(f"{APPLICANT}{name}" for name in ("external_applicant_id", "phone", "registration_number")),
    }
)
"""Columns of ids and numbers that nobody calculates with."""
_NO_VALUE: Final = re.compile(r"<NA>|NaN|NaT|\\N")
"""What programs write where there is no value, as far as nobody has such a name: Null, None and Nan are some."""
_ZEROS: Final = re.compile(r"0\d+", re.ASCII)
_ISO: Final = DateFormat.of("yyyy-mm-dd")


@attrs.frozen(kw_only=True)
class Conversion:
    """Conversion of the cells of one manifest into fields."""

    named: DateFormat | None = None
    """The format of dates that the user named."""
    found: Mapping[str, DateFormat] = attrs.field(factory=dict)
    """The formats that were found, by column."""
    zeros: frozenset[str] = frozenset()
    """Columns in which some texts begin with a zero."""
    transliterate: bool = False
    encoding: str = ""
    """That of a text file; empty where another cannot be meant."""

    @classmethod
    def of(
        cls, name: str, records: Iterable[Record], options: ManifestOptions, *, typed: bool, encoding: str = ""
    ) -> "Conversion":
        """Look at all records, where that is needed. Raises `ManifestError` for dates that can be read in two ways.

        ``typed`` says that cells have types, so that numbers may have lost their zeros.
        """
        dates: dict[str, DateColumn] = {}
        zeros: set[str] = set()
        seek = options.guess and options.date_format is None
        for record in records if seek or typed else ():
            for column, value in record.values.items():
                if not isinstance(value, str):
                    continue
                shown = value.shown if isinstance(value, SheetCell) else value
                if seek and column_type(column) is dt.date:
                    _see(dates.setdefault(column, DateColumn()), value)
                elif typed and shown is not None and _ZEROS.fullmatch(shown):
                    zeros.add(column)
        for column, seen in dates.items():
            if seen.turned:
                raise ManifestError(
                    f"{name}: {column}: some dates are text, and of the others day and month may have been turned "
                    "around when the file was opened; import it anew with this column as text, or say the format of "
                    "the text with --date-format, or date_format=, if the others are right"
                )
            if seen.month_first:
                raise ManifestError(
                    f"{name}: {column}: dates with dots are read as dd.mm.yyyy, and some of these are none; say their "
                    "format with --date-format, or date_format=, such as mm.dd.yyyy"
                )
            if seen.candidates:
                both = " and ".join(seen.candidates)
                raise ManifestError(
                    f"{name}: {column}: its dates can be read as {both}; say which with --date-format, or date_format="
                )
        found = {column: form for column, seen in dates.items() if (form := seen.format) is not None}
        return cls(
            named=options.date_format,
            found=found,
            zeros=frozenset(zeros),
            transliterate=options.transliterate,
            encoding=encoding,
        )

    def values(self, record: Record) -> tuple[dict[str, Any], list[FieldProblem]]:
        """Return the values of a record by column, and what is wrong with others."""
        values: dict[str, Any] = {}
        problems: list[FieldProblem] = []
        for column, cell in record.values.items():
            value = cell
            if isinstance(cell, SheetCell):
                problems += self._cell_problems(column, cell)
                value = _plain(cell, column_type(column))
            elif isinstance(cell, str):
                value = trimmed(cell)
                problems += self._text_problems(column, value)
            values[column] = self._value(column, value) if isinstance(value, str) else value
        return values, problems

    def _value(self, column: str, text: str) -> str:
        if column_type(column) is dt.date:
            return first_that_reads(text, self._formats(column)) or text
        return in_latin_letters(text) if self.transliterate and column in _NAMES else text

    def _formats(self, column: str) -> tuple[DateFormat, ...]:
        form = self.named or self.found.get(column)
        return () if form is None else (form,)

    def _text_problems(self, column: str, text: str) -> Iterator[FieldProblem]:
        if self.encoding and not is_text(text):
            expected = f"text in {self.encoding.upper()}, or else --encoding, such as cp1252"
            yield FieldProblem(shown_column(column), expected, "other bytes")
        if column in SIDES:
            return
        if _is_error(text):
            yield _error(column, text)
        elif _NO_VALUE.fullmatch(text):
            yield FieldProblem(column, "a value, or an empty cell", f"{text}, which programs write where there is none")
        elif _WITH_GAPS.fullmatch(text) and column in _NUMBERS:
            yield FieldProblem(
                column, "all digits and no others", "a number with .0 behind, as programs write it in columns with gaps"
            )
        elif _CUT.fullmatch(text) and column_type(column) is str:
            yield FieldProblem(column, "all digits", "a number that a spreadsheet has cut short, as in 1.23E+11")
        elif text and column_type(column) is dt.date and self._formats(column):
            (form,) = self._formats(column)
            problem = FieldProblem(column, f"a date as {form.name}, or as YYYY-MM-DD", "text in another form")
            yield from () if first_that_reads(text, (form,)) else (problem,)

    def _cell_problems(self, column: str, cell: SheetCell) -> Iterator[FieldProblem]:
        takes = column_type(column)
        if cell.kind == "error":
            yield _error(column, cell)
        elif cell.kind == "number" and takes is not float:
            yield from self._number_problems(column, cell, takes)
        elif cell.kind == "boolean" and takes is not bool:
            yield FieldProblem(column, "text", "true or false")
        elif cell.kind == "time" or (cell.kind == "date" and takes not in (dt.date, dt.datetime)):
            yield FieldProblem(
                column, "text; format the column as text and write it anew", f"what Excel made a {cell.kind} of"
            )

    def _number_problems(self, column: str, cell: SheetCell, takes: type) -> Iterator[FieldProblem]:
        if takes is dt.date or takes is dt.datetime:
            yield FieldProblem(column, "a date; format the column as one", "a number")
        elif "E" in cell:
            expected = "text; as a number it keeps fifteen digits at most, and the others are lost"
            yield FieldProblem(column, expected, "a longer number")
        elif not cell.removeprefix("-").isdecimal():
            yield FieldProblem(column, "text; format the column as text and write it anew", "a number with a fraction")
        elif cell.shown is None:
            yield from () if takes is bool else (_error(column, CHANGED),)
        elif column in self.zeros and cell.shown.isdecimal() and not cell.shown.startswith("0"):
            yield FieldProblem(
                column,
                "text, as in other rows, where it begins with a zero; format the column as text and write it anew",
                "a number, which has no such zeros any more",
            )


def _see(dates: DateColumn, value: str) -> None:
    if not isinstance(value, SheetCell):
        dates.see(trimmed(value))
    elif value.kind == "date":
        dates.see_cell(value)


def _is_error(text: str) -> bool:
    return _ERROR.fullmatch(text) is not None or text.partition(" ")[0] in _OWN_ERRORS


def _error(column: str, text: str) -> FieldProblem:
    own = _OWN_ERRORS.get(text.partition(" ")[0])
    if own is not None:
        return FieldProblem(column, *own)
    return FieldProblem(column, "a value", f"{text if _ERROR.fullmatch(text) else 'an error'} of the spreadsheet")


def _plain(cell: SheetCell, takes: type) -> str:
    """Return the text that stands for a cell, in a column that takes such values."""
    if takes is dt.datetime and _ISO.read(cell) is not None:
        return cell.moment or f"{cell} 00:00:00"
    return str(cell) if takes is not str or cell.shown is None else cell.shown
