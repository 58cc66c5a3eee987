"""Names of columns: their own, those the user maps, and words that are common in exports."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kycaid_async.bulk.manifest.document_guesses import plain_words
from kycaid_async.bulk.manifest.format import Columns, trimmed
from kycaid_async.bulk.manifest.row import APPLICANT, COLUMNS, EXTRA, shown_column, unknown_columns
from kycaid_async.errors import FieldProblem

ColumnMap = Mapping[str, str | None]
"""Names in a file, with the columns that they stand for; None for one that is not to be read."""

_EXTERNAL_ID: Final = APPLICANT + "external_applicant_id"
_FIRST, _MIDDLE, _LAST = (APPLICANT + name for name in ("first_name", "middle_name", "last_name"))
_COUNTRY, _NATIONALITY = APPLICANT + "residence_country", APPLICANT + "nationality"
_WORDS: Final[Mapping[tuple[str, ...], str]] = {
    (_EXTERNAL_ID,): "external id|external applicant id|customer id|customer no|customer number|client id|client no|"
    "client number|user id|user number|member id|member number|account holder id|reference id|"
    "kundennummer|kunden nr|kundennr|kunden id|kundenid|mitgliedsnummer|nutzer id|benutzer id|"
    "numero de cliente|id cliente|id de cliente|id del cliente|codigo de cliente|codigo cliente|no cliente|"
    "numero cliente|номер клиента|id клиента|код клиента|ид клиента|клиент id|номер пользователя",
    ("applicant_id", _EXTERNAL_ID): "id|applicant|applicant no|applicant number|person id|kyc id|nr|no|number|nummer|"
    "numero|номер|ид|antragsteller|antragsteller id|solicitante|заявитель",
    (_FIRST,): "first name|firstname|given name|given names|forename|forenames|vorname|vornamen|nombre de pila|nombres|"
    "primer nombre|имя",
    (_FIRST, _LAST): "name|full name|fullname|customer name|client name|person|kunde|kundenname|vollstandiger name|"
    "nombre|nombre completo|nombre y apellidos|фио|полное имя|клиент",
    (_MIDDLE,): "middle name|middlename|second name|zweiter vorname|weitere vornamen|segundo nombre|отчество",
    (_LAST,): "last name|lastname|surname|family name|familyname|nachname|familienname|zuname|apellido|apellidos|"
    "primer apellido|фамилия",
    (
        APPLICANT + "dob",
    ): "dob|date of birth|birth date|birthdate|birthday|born|born on|geburtsdatum|geburtstag|geb datum|"
    "gebdatum|geb dat|geboren am|geboren|fecha de nacimiento|fecha nacimiento|nacimiento|f nacimiento|f nac|"
    "дата рождения|рождение",
    (APPLICANT + "gender",): "gender|sex|geschlecht|sexo|genero|пол",
    (APPLICANT + "pep",): "pep|politically exposed|politically exposed person|politisch exponiert|"
    "politisch exponierte person|persona expuesta politicamente|пдл",
    (_NATIONALITY,): "nationality|citizenship|staatsangehorigkeit|staatsburgerschaft|nationalitat|nacionalidad|"
    "ciudadania|гражданство|национальность",
    (_COUNTRY,): "residence country|country of residence|residence|wohnsitzland|wohnland|wohnsitz|land des wohnsitzes|"
    "pais de residencia|residencia|страна проживания|страна резидентства|страна пребывания",
    (_COUNTRY, _NATIONALITY): "country|country code|land|landercode|laendercode|landerkennzeichen|pais|codigo de pais|"
    "страна|код страны",
    (
        APPLICANT + "phone",
    ): "phone|phone number|telephone|telephone number|tel|tel no|mobile|mobile number|mobile phone|"
    "cell|cell phone|telefon|telefonnummer|tel nr|handy|handynummer|mobil|mobilnummer|mobiltelefon|rufnummer|"
    "telefono|numero de telefono|movil|celular|телефон|номер телефона|мобильный|мобильный телефон",
    (APPLICANT + "email",): "email|e mail|mail|email address|e mail address|mail address|e mail adresse|emailadresse|"
    "mailadresse|correo|correo electronico|email cliente|почта|электронная почта|эл почта|e mail клиента|емейл|имейл",
    (APPLICANT + "company_name",): "company|company name|firma|firmenname|unternehmen|unternehmensname|empresa|"
    "nombre de la empresa|razon social|компания|организация|название компании|наименование организации",
    (
        APPLICANT + "registration_number",
    ): "registration number|registration no|company number|company no|handelsregister|"
    "handelsregisternummer|hrb|registernummer|numero de registro|numero registro|регистрационный номер|огрн",
    (APPLICANT + "registration_country",): "registration country|country of registration|registrierungsland|sitzland|"
    "pais de registro|страна регистрации",
    (APPLICANT + "telegram_username",): "telegram|telegram username|телеграм",
    (APPLICANT + "wallet_address",): "wallet|wallet address|crypto wallet|кошелек",
    ("type", APPLICANT + "type"): "type|typ|art|tipo|тип|вид|kind",
    ("type",): "document type|type of document|doc type|doctype|id type|dokumenttyp|dokumentart|"
    "ausweisart|ausweistyp|art des dokuments|tipo de documento|tipo documento|тип документа|вид документа",
    ("type", "front_side"): "document|dokument|documento|документ",
    (APPLICANT + "type",): "applicant type|customer type|client type|kundentyp|kundenart|tipo de cliente|тип клиента",
    (
        "document_number",
    ): "document number|document no|doc number|doc no|document id|id number|passport number|passport no|"
    "passport|id card number|dokumentnummer|dokumentennummer|dokument nr|dokumenten nr|ausweisnummer|ausweis nr|"
    "passnummer|pass nr|reisepassnummer|numero de documento|numero documento|no documento|numero de pasaporte|"
    "pasaporte|dni|nie|номер документа|номер паспорта|серия и номер|серия и номер паспорта|паспорт",
    ("issue_date",): "issue date|date of issue|issued|issued on|ausstellungsdatum|ausgestellt am|ausgestellt|"
    "fecha de expedicion|fecha expedicion|fecha de emision|fecha emision|expedicion|дата выдачи|выдан|дата выпуска",
    (
        "expiry_date",
    ): "expiry date|expiry|expires|expires on|expiration|expiration date|date of expiry|valid until|valid to|"
    "ablaufdatum|gultig bis|gueltig bis|lauft ab|fecha de caducidad|caducidad|fecha de vencimiento|vencimiento|"
    "valido hasta|fecha caducidad|действителен до|срок действия|дата окончания|годен до",
    ("issuing_authority",): "issuing authority|authority|issued by|ausstellende behorde|behorde|ausgestellt von|"
    "autoridad|autoridad emisora|expedido por|кем выдан|орган выдачи",
    ("front_side",): "front|front side|frontside|file|file name|filename|scan|image|picture|photo|path|document file|"
    "document scan|attachment|vorderseite|vorne|datei|dateiname|bild|foto|scan datei|dokumentdatei|pfad|"
    "anverso|frente|frontal|archivo|fichero|nombre de archivo|imagen|escaneo|ruta|"
    "лицевая сторона|лицевая|файл|имя файла|скан|фото|изображение|путь",
    ("back_side",): "back|back side|backside|reverse|reverse side|rear|ruckseite|hinten|reverso|dorso|trasera|"
    "обратная сторона|обратная|оборот|оборотная сторона",
    ("key",): "row key|unique key|schlussel|clave|ключ",
    ("transaction_amount",): "transaction amount|amount|betrag|importe|monto|сумма",
    ("transaction_currency",): "transaction currency|currency|wahrung|waehrung|moneda|divisa|валюта",
}


def one_line_name(text: str) -> str:
    """Return the name of a column, which may be broken over lines in its cell."""
    return " ".join(trimmed(text).split())


MOST_ABOVE: Final = 10
"""Rows of a table that are looked at for names of columns."""
_NAMES: Final = 2
"""Known names that make a row one of names, when it is not the first."""


def place_of_names(rows: Sequence[Columns]) -> int:
    """Return which of the first rows of a table names its columns.

    A title may stand above it, or a row of names for several columns each.
    """
    if rows[0].known:
        return 0
    return next((at for at, columns in enumerate(rows) if columns.known >= _NAMES), 0)


def match(names: Sequence[str], given: ColumnMap, *, guess: bool) -> Columns:
    """Return what ``names`` stand for: as ``given``, or by their own names, or by a guess where one is wanted."""
    names = tuple(map(one_line_name, names))
    by_user = {one_line_name(name): column or None for name, column in given.items()}
    targets: list[str | None] = []
    guessed: dict[str, str] = {}
    problems: list[FieldProblem] = []
    for name in names:
        candidates = _candidates(name, by_user, guess=guess)
        targets.append(candidates[0] if len(candidates) == 1 else None)
        if len(candidates) > 1:
            problems.append(
                FieldProblem(shown_column(name), f"to be said which it is: {_either(name, candidates)}", "either")
            )
        elif candidates and name not in by_user and name not in COLUMNS:
            guessed[name] = candidates[0]
        elif not candidates and name and name not in EXTRA and by_user.get(name, "") is not None:
            problems.append(_unknown(name, guess=guess))
    problems += _given_problems(by_user, names)
    problems += _twice(names, targets)
    return Columns(names, tuple(targets), guessed, tuple(problems))


def _candidates(name: str, given: ColumnMap, *, guess: bool) -> tuple[str, ...]:
    if name in given:
        column = given[name]
        return (column,) if column else ()
    if name in COLUMNS:
        return (name,)
    return _guessed(name) if guess and name else ()


def _guessed(name: str) -> tuple[str, ...]:
    """Return what a name may stand for, also one that is hyphenated over two lines of its cell."""
    return _GUESSES.get(plain_words(name)) or _GUESSES.get(plain_words(name.replace("- ", "")), ())


def _either(name: str, candidates: Sequence[str]) -> str:
    return " or ".join(f'--map "{shown_column(name)}={column}"' for column in candidates)


def offered(names: Sequence[str]) -> dict[str, str]:
    """Return what those of ``names`` that are common words stand for."""
    found = {name: _guessed(name) for name in map(trimmed, names) if name not in COLUMNS}
    return {name: " or ".join(columns) for name, columns in found.items() if columns}


def _unknown(name: str, *, guess: bool) -> FieldProblem:
    (problem,) = unknown_columns([name])
    other = offered([name]).get(name)
    if "did you mean" not in problem.expected and other is not None:
        problem = FieldProblem(problem.field, f"{problem.expected} (did you mean {other}?)", problem.got)
    if not guess:
        return problem
    shown = shown_column(name)
    return FieldProblem(
        shown, f'{problem.expected} (--map "{shown}=COLUMN" says which, --map "{shown}=" leaves it out)', problem.got
    )


def _given_problems(given: ColumnMap, names: Sequence[str]) -> Iterator[FieldProblem]:
    for name, column in given.items():
        if name not in names:
            there = ", ".join(shown_column(other) for other in names[:20] if other)
            yield FieldProblem(shown_column(name), f"one of the names in the file: {there}", "a name that is not there")
        if column and column not in COLUMNS:
            yield from unknown_columns([column])


def _twice(names: Sequence[str], targets: Sequence[str | None]) -> Iterator[FieldProblem]:
    for target in dict.fromkeys(target for target in targets if target):
        which = [shown_column(name) for name, other in zip(names, targets, strict=True) if other == target]
        if len(which) > 1:
            if len(set(which)) == 1:
                yield FieldProblem(target, "one column", "two; give one another name, or delete it")
            else:
                one = f'one column (--map "{which[-1]}=", or columns={{"{which[-1]}": None}}, leaves that out)'
                yield FieldProblem(target, one, " and ".join(which[:3]))


def _guesses() -> dict[str, tuple[str, ...]]:
    found = {plain_words(word): columns for columns, words in _WORDS.items() for word in words.split("|")}
    own = {plain_words(column): (column,) for column in COLUMNS}
    people = {plain_words(name.removeprefix(APPLICANT)): (name,) for name in COLUMNS if name.startswith(APPLICANT)}
    # "type" alone is a document's, by its own name.
    return found | {words: columns for words, columns in people.items() if words not in own and words != "type"} | own


_GUESSES: Final = _guesses()
