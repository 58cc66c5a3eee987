"""Document types by common words of English, German, Spanish and Russian: for suggestions and names of scans."""

import difflib
import re
import unicodedata
from typing import Final

from kycaid_async.api.documents.fields import DocumentType

_TYPES: Final = {
    DocumentType.PASSPORT: "passport|pass|reisepass|pasaporte|паспорт|загранпаспорт",
    DocumentType.GOVERNMENT_ID: "id|idcard|id card|identity|identity card|national id|personalausweis|ausweis|perso|"
    "dni|cedula|documento de identidad|удостоверение|удостоверение личности",
    DocumentType.DRIVERS_LICENSE: "driver|drivers|license|licence|driving licence|driving license|drivers licence|dl|"
    "fuhrerschein|fuehrerschein|permiso de conducir|licencia de conducir|carnet de conducir|права|водительские права",
    DocumentType.PERMANENT_RESIDENCE_PERMIT: "residence permit|permit|aufenthaltstitel|aufenthaltserlaubnis|"
    "permiso de residencia|внж",
    DocumentType.ADDRESS_DOCUMENT: "address|proof of address|address proof|poa|utility|utility bill|"
    "meldebescheinigung|adressnachweis|wohnsitznachweis|comprobante de domicilio|empadronamiento|адрес",
    DocumentType.BANK_STATEMENT: "bank|statement|bank statement|kontoauszug|extracto bancario|выписка",
    DocumentType.SELFIE_IMAGE: "selfie|face|portrait|селфи",
    DocumentType.SELFIE_WITH_DOCUMENT: "selfie with document|selfie mit ausweis|selfie con documento|selfie with id",
    DocumentType.TAX_ID_NUMBER: "tax|tax id|steuer id|steuernummer|nif|инн",
    DocumentType.VIDEO: "video|видео",
}
_SIDES: Final = {
    "front_side": "front|f|recto|vorne|vorderseite|vs|anverso|frente|delante|лицевая|лицо|1|a",
    "back_side": "back|b|verso|hinten|ruckseite|rueckseite|rs|reverso|dorso|detras|trasera|оборот|обратная|2",
    "other_side_1": "other|3|c",
    "other_side_2": "4|d",
    "other_side_3": "5|e",
}


def plain_words(text: str) -> str:
    """Return ``text`` in lower case, without accents, with single spaces for what stands between its words."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)
    plain = "".join(c for c in unicodedata.normalize("NFKD", split.casefold()) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", plain))


def _table(words: dict[str, str]) -> dict[str, str]:
    return {plain_words(word): meaning for meaning, these in words.items() for word in these.split("|")}


_TYPE_OF: Final = _table({str(kind): words for kind, words in _TYPES.items()}) | {
    plain_words(kind): str(kind) for kind in DocumentType
}
_SIDE_OF: Final = _table(_SIDES) | {plain_words(side): side for side in _SIDES}


def type_of(text: str) -> str | None:
    """Return the document type that ``text`` is a word for; None when it is none."""
    return _TYPE_OF.get(plain_words(text))


def nearest_type(text: str) -> str | None:
    """Return the document type that ``text`` may be a misspelt word for; None when it is like none."""
    words = plain_words(text)
    near = [words] if words in _TYPE_OF else difflib.get_close_matches(words, _TYPE_OF, n=1, cutoff=0.75)
    return _TYPE_OF[near[0]] if near else None


def side_of(text: str) -> str | None:
    """Return the side that ``text`` is a word for; None when it is none."""
    return _SIDE_OF.get(plain_words(text))


def in_name(name: str) -> tuple[str | None, str | None]:
    """Return the type and the side that words of the name of a file say: the longest ones that mean something."""
    words = plain_words(name).split()
    kind = next(filter(None, (_TYPE_OF.get(run) for run in _runs(words))), None)
    side = next(filter(None, (_SIDE_OF.get(word) for word in reversed(words) if len(word) > 1 or word.isdigit())), None)
    return kind, side


def _runs(words: list[str]) -> list[str]:
    return [
        " ".join(words[start : start + length])
        for length in range(min(4, len(words)), 0, -1)
        for start in range(len(words) - length + 1)
    ]
