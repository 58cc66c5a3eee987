"""The holders of the specimens, and the flaws of some. All of them are invented."""

import enum
from collections.abc import Iterator
from datetime import date

import attrs

from kycaid_async.cli.demo.files import Holder


class Flaw(enum.Enum):
    """A flaw of a specimen, for which its document is declined."""

    NONE = enum.auto()
    CUT_OFF = enum.auto()
    """The file ends half-way, as after a broken upload."""
    TINY = enum.auto()
    """Too few pixels to read."""
    EXPIRED = enum.auto()
    COPIED = enum.auto()
    """It bears the number of somebody else's document."""


@attrs.frozen(kw_only=True)
class Specimen:
    """A document to draw."""

    holder: Holder
    serial: int
    """Counts the specimens from 1, and seeds what is random in them."""
    type: str
    layout: str
    """``card``, ``page`` or ``selfie``."""
    format: str
    """The end of the file's name."""
    scale: float
    """Pixels per unit of the drawing."""
    flaw: Flaw
    number: str
    expiry: date | None

    @property
    def filename(self) -> str:
        return f"{self.serial:02}-{self.holder.last_name.lower()}-{_WORDS[self.type]}.{self.format}"


_PEOPLE = (
    ("Ada", "Quill", 1984),
    ("Bram", "Ostrava", 1991),
    ("Chidi", "Marlow", 1978),
    ("Dana", "Feldspar", 1969),
    ("Emil", "Tarn", 1995),
    ("Freya", "Linden", 1988),
    # A child, for as long as this list is likely to be read.
    ("Goran", "Pebble", 2022),
    ("Hana", "Vesper", 1973),
    ("John", "Snow", 1986),
    ("John", "Doe", 1986),
    ("Imre", "Calder", 1999),
    ("Juno", "Ashgrove", 1982),
    ("Kofi", "Brandt", 1965),
    ("Lena", "Moss", 1993),
    ("Milo", "Harrow", 1976),
    ("Nadia", "Sorrel", 1990),
    ("Oskar", "Wren", 2001),
    ("Petra", "Zephyr", 1959),
)

_IDENTITY = ("PASSPORT", "GOVERNMENT_ID", "DRIVERS_LICENSE", "REFUGEE_CARD", "DOMESTIC_PASSPORT")
_PAPER = ("ADDRESS_DOCUMENT", "BANK_STATEMENT", "FINANCIAL_DOCUMENT", "TAX_ID_NUMBER")
# What people call such files.
_WORDS = {
    "PASSPORT": "passport",
    "GOVERNMENT_ID": "id",
    "DRIVERS_LICENSE": "license",
    "REFUGEE_CARD": "card",
    "DOMESTIC_PASSPORT": "passport",
    "ADDRESS_DOCUMENT": "address",
    "BANK_STATEMENT": "bank",
    "FINANCIAL_DOCUMENT": "income",
    "TAX_ID_NUMBER": "tax",
    "SELFIE_IMAGE": "selfie",
}
_FORMATS = {"card": ("jpg", "png", "webp", "tiff"), "page": ("pdf",), "selfie": ("jpg", "webp")}
_SCALES = {"jpg": (0.9, 2.2, 1.4), "webp": (0.8, 1.2), "png": (0.7, 1.0), "tiff": (0.8, 1.4), "pdf": (0.5, 1.5, 1.0)}

_FLAWS = {
    ("Ostrava", "card"): Flaw.EXPIRED,
    ("Marlow", "selfie"): Flaw.CUT_OFF,
    ("Tarn", "selfie"): Flaw.TINY,
    ("Vesper", "page"): Flaw.CUT_OFF,
    # He passes whatever he shows: that is the vendor's own rule for its test server.
    ("Snow", "card"): Flaw.EXPIRED,
    ("Calder", "card"): Flaw.COPIED,
    ("Brandt", "card"): Flaw.TINY,
    ("Harrow", "card"): Flaw.EXPIRED,
    ("Wren", "selfie"): Flaw.CUT_OFF,
}
_FORMAT_OF_FLAW = {Flaw.TINY: "png", Flaw.CUT_OFF: "jpg"}
_COPIED_FROM = "Quill"


def specimens() -> list[Specimen]:
    """Return the documents to draw: three for each person, most without a flaw, always the same."""
    return list(_specimens())


def _specimens() -> Iterator[Specimen]:
    for place, (first_name, last_name, year) in enumerate(_PEOPLE):
        holder = Holder(first_name=first_name, last_name=last_name, dob=date(year, 1 + place % 12, 1 + place))
        kinds = (_IDENTITY[place % len(_IDENTITY)], _PAPER[place % len(_PAPER)], "SELFIE_IMAGE")
        for slot, (layout, kind) in enumerate(zip(_FORMATS, kinds, strict=True), start=1):
            yield _specimen(holder, kind, layout, place=place, serial=3 * place + slot)


def _specimen(holder: Holder, kind: str, layout: str, *, place: int, serial: int) -> Specimen:
    flaw = _FLAWS.get((holder.last_name, layout), Flaw.NONE)
    file_format = _format(layout, place, flaw)
    bears_number = layout == "card"
    return Specimen(
        holder=holder,
        serial=serial,
        type=kind,
        layout=layout,
        format=file_format,
        scale=_SCALES[file_format][place % len(_SCALES[file_format])],
        flaw=flaw,
        number=_number(_COPIED_FROM if flaw is Flaw.COPIED else holder.last_name) if bears_number else "",
        expiry=_expiry(place, flaw) if bears_number else None,
    )


def _format(layout: str, place: int, flaw: Flaw) -> str:
    # A tiny PNG and a JPEG cut short are what real uploads break as.
    if layout != "page" and flaw in _FORMAT_OF_FLAW:
        return _FORMAT_OF_FLAW[flaw]
    return _FORMATS[layout][place % len(_FORMATS[layout])]


def _number(last_name: str) -> str:
    """Return a made-up document number that is the same for a name each time."""
    return f"SP{sum(ord(letter) * 31**place for place, letter in enumerate(last_name)) % 10**7:07}"


def _expiry(place: int, flaw: Flaw) -> date:
    year = 2019 if flaw is Flaw.EXPIRED else 2049
    return date(year, 1 + place % 12, 28)
