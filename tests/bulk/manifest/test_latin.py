"""Names in Latin letters, by the tables of ICAO Doc 9303-3, section 6."""

import re
import unicodedata

import pytest

from kycaid_async import read_manifest
from kycaid_async.bulk.manifest.latin import in_latin_letters, letters_beyond
from tests.bulk.manifests import new, write_csv


@pytest.mark.parametrize(
    ("name", "latin"),
    [
        ("Müller", "MUELLER"),
        ("Mu\u0308ller", "MUELLER"),
        ("Groß", "GROSS"),
        ("GROẞ", "GROSS"),
        ("Ødegård", "OEDEGAARD"),
        ("Æsir Þór", "AESIR THOR"),
        ("Núñez", "NUNEZ"),
        ("Łukasz Żółć", "LUKASZ ZOLC"),
        ("Ştefan Țăran", "STEFAN TARAN"),
        ("I\u015f\u0131k", "ISIK"),
        ("İnan", "INAN"),
        ("Dvořák", "DVORAK"),
        ("Œuvre", "OEUVRE"),
        ("Kőrösi", "KOROESI"),
        ("Жуков Щербаков", "ZHUKOV SHCHERBAKOV"),
        ("Подъячев", "PODIEIACHEV"),
        ("Юлия Хрущёва", "IULIIA KHRUSHCHEVA"),
        ("Мельник Цой", "MELNIK TSOI"),
        ("Ђоковић", "DOKOVIC"),
        ("Ғани Ѫ \u0474 Һ", "GANI U Y C"),
        ("O\u2019Neil", "O'NEIL"),
        ("Anne\u2013Marie", "ANNE-MARIE"),
        ("Anna\u00a0Maria Ö", "ANNA MARIA OE"),
        ("Jane", "Jane"),
        ("Ada\u00a0Mae", "Ada Mae"),
    ],
)
def test_a_name_is_written_in_latin_letters(name, latin):
    assert in_latin_letters(name) == latin


def test_letters_that_no_table_has_stay_and_are_named():
    assert in_latin_letters("Άννα") != "ANNA"
    assert letters_beyond(in_latin_letters("Ѣ")) == ["Ѣ"]
    assert letters_beyond("Müller-Łoś") == sorted("śüŁ")


def test_every_letter_of_the_european_alphabets_becomes_what_a_name_may_have():
    letters = "".join(chr(n) for n in (*range(0xC0, 0x180), 0x218, 0x219, 0x21A, 0x21B, 0x1E9E) if chr(n).isalpha())
    letters = "".join(letter for letter in letters if letter not in "\u0138\u0149\u017f")  # of no alphabet of today
    russian = "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЄІЇҐЎЃЌЂЋЉЊЏЈЅ"
    for letter in letters + russian + russian.lower():
        assert re.fullmatch("[A-Z]*", in_latin_letters(letter)), unicodedata.name(letter)


def test_the_original_is_not_sent_and_without_the_option_the_message_names_it(tmp_path):
    name = {"applicant.last_name": "Müller", "applicant.first_name": "Jürgen", "issuing_authority": "Köln"}
    path = write_csv(tmp_path / "a.csv", [new(**name)])
    (found,) = read_manifest(path, transliterate=True)
    assert (found.applicant.first_name, found.applicant.last_name) == ("JUERGEN", "MUELLER")
    assert found.document["issuing_authority"] == "Köln", "this takes any letters"
    (bad,) = read_manifest(path)
    assert bad.reason.count("(--transliterate, or transliterate=True, writes them by ICAO Doc 9303), got ü") == 2
    (bad,) = read_manifest(write_csv(path, [new(**{"applicant.last_name": "Преображенский"})]))
    assert bad.reason.endswith("and others"), "a name is not spelt out"
