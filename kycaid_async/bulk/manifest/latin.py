"""Names in Latin letters, as passports have them in their machine-readable lines."""

import unicodedata
from typing import Final

# Doc 9303-3, 8th edition, section 6, A and B. Held against other people's readings of it: the Latin letters U+00C0 to
# U+00DE against the Corona-Warn-App's, the Cyrillic ones against interscript's maps "icao-…-9303", iuliia's, and one
# that goes by the column of code points, which has U+046A, U+0474, U+0492 (GJ in Macedonian) and U+04BA, and no row for
# U+0462. All Latin letters against the package "mrz", which has the same 95. It lacks U+016A, and of S and T with a
# mark below it has only those with a cedilla; U+0218 and U+021A are those that Romania writes today.
_LATIN: Final = {
    **dict.fromkeys("ÁÀÂÃĂĀĄ", "A"),
    "Ä": "AE",
    "Å": "AA",
    "Æ": "AE",
    **dict.fromkeys("ĆĈČĊÇ", "C"),
    **dict.fromkeys("ĐĎÐ", "D"),
    **dict.fromkeys("ÉÈÊËĚĖĒĘĔ", "E"),
    **dict.fromkeys("ĜĞĠĢ", "G"),
    **dict.fromkeys("ĦĤ", "H"),
    **dict.fromkeys("ÍÌÎÏĨİĪĮĬ", "I"),
    "Ĳ": "IJ",
    "Ĵ": "J",
    "Ķ": "K",
    **dict.fromkeys("ŁĹĽĻĿ", "L"),
    **dict.fromkeys("ŃÑŇŅŊ", "N"),
    **dict.fromkeys("ÓÒÔÕŐŌŎ", "O"),
    **dict.fromkeys("ÖØŒ", "OE"),
    **dict.fromkeys("ŔŘŖ", "R"),
    **dict.fromkeys("ŚŜŠŞȘ", "S"),
    **dict.fromkeys("ŦŤŢȚ", "T"),
    **dict.fromkeys("ÚÙÛŨŬŰŮŪŲ", "U"),
    "Ü": "UE",
    "ẞ": "SS",
    "ß": "SS",
    "Þ": "TH",
    "Ŵ": "W",
    "\u0131": "I",
    **dict.fromkeys("ÝŶŸ", "Y"),
    **dict.fromkeys("ŹŽŻ", "Z"),
}
_CYRILLIC: Final = dict(
    zip(
        "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЃЂЄЅІЇЈЉЊЋЌЍЎЏҐѪѴҒҺ",
        "A B V G D E E ZH Z I I K L M N O P R S T U F KH TS CH SH SHCH IE Y _ E IU IA "
        "G D IE DZ I I J LJ NJ C K I U DZ G U Y G C".replace("_", "").split(" "),
        strict=True,
    )
)
_SIGNS: Final = dict.fromkeys("\u2018\u2019\u02bc\u02b9`\u00b4", "'") | dict.fromkeys(
    "\u2010\u2011\u2012\u2013\u2014\u2212", "-"
)
"""Apostrophes and dashes that word processors put in the place of the plain ones."""
_TABLE: Final = str.maketrans(_LATIN | _CYRILLIC | _SIGNS)


def in_latin_letters(name: str) -> str:
    """Return ``name`` in the letters A to Z by the tables of ICAO Doc 9303-3, section 6, when it has others.

    These are "Transliteration of Multinational Latin-based Characters" and "… of Cyrillic Characters", each with its
    first entry: Müller becomes MUELLER, Жуков ZHUKOV. What some states do otherwise (Ñ as NXX, Г as H in Ukraine and
    Belarus, Ш as S in Serbia) is not known from a letter. Letters that the tables lack stay as they are.
    """
    composed = unicodedata.normalize("NFC", " ".join(name.split()))
    return composed if composed.isascii() else _upper(composed).translate(_TABLE)


def letters_beyond(name: str) -> list[str]:
    """Return the letters and signs of ``name`` beyond ASCII, each once, sorted so that they do not spell it."""
    return sorted({letter for letter in unicodedata.normalize("NFC", name) if not letter.isascii()})


def _upper(name: str) -> str:
    # By letters: "ß" alone would become two of them before the table is asked.
    return "".join(upper if len(upper := letter.upper()) == 1 else letter for letter in name)
