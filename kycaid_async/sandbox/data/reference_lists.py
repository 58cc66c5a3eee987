"""Reference data of the sandbox, in English and German: small parts of the real lists, with ids of its own."""

from typing import Any, Final

from kycaid_async.sandbox.data.ids import fixed_id

_COUNTRIES: Final = """
AE United Arab Emirates|Vereinigte Arabische Emirate
AR Argentina|Argentinien
AT Austria|Österreich
AU Australia|Australien
BE Belgium|Belgien
BG Bulgaria|Bulgarien
BR Brazil|Brasilien
CA Canada|Kanada
CH Switzerland|Schweiz
CN China|China
CY Cyprus|Zypern
CZ Czechia|Tschechien
DE Germany|Deutschland
DK Denmark|Dänemark
EE Estonia|Estland
ES Spain|Spanien
FI Finland|Finnland
FR France|Frankreich
GB United Kingdom|Vereinigtes Königreich
GR Greece|Griechenland
HR Croatia|Kroatien
HU Hungary|Ungarn
IE Ireland|Irland
IN India|Indien
IS Iceland|Island
IT Italy|Italien
JP Japan|Japan
LT Lithuania|Litauen
LU Luxembourg|Luxemburg
LV Latvia|Lettland
MT Malta|Malta
MX Mexico|Mexiko
NG Nigeria|Nigeria
NL Netherlands|Niederlande
NO Norway|Norwegen
PL Poland|Polen
PT Portugal|Portugal
RO Romania|Rumänien
SE Sweden|Schweden
SI Slovenia|Slowenien
SK Slovakia|Slowakei
TR Turkey|Türkei
UA Ukraine|Ukraine
US United States|Vereinigte Staaten
ZA South Africa|Südafrika
"""

_LANGUAGES: Final = """
EN English|Englisch
DE German|Deutsch
ES Spanish|Spanisch
FR French|Französisch
PL Polish|Polnisch
UK Ukrainian|Ukrainisch
"""

_ACTIVITIES: Final[dict[str, tuple[str, ...]]] = {
    "Agriculture|Landwirtschaft": ("Growing of cereals|Anbau von Getreide", "Raising of poultry|Geflügelhaltung"),
    "Construction|Baugewerbe": ("Building of houses|Bau von Häusern", "Electrical installation|Elektroinstallation"),
    "Finance|Finanzen": ("Banking|Bankwesen", "Insurance|Versicherungen", "Exchange of crypto assets|Kryptobörse"),
    "Gambling|Glücksspiel": ("Casinos|Spielbanken", "Betting|Wetten"),
    "Information technology|Informationstechnik": ("Programming|Programmierung", "Hosting|Hosting"),
    "Trade|Handel": ("Retail of food|Einzelhandel mit Lebensmitteln", "Wholesale of machines|Großhandel mit Maschinen"),
}


def countries() -> list[dict[str, Any]]:
    """Return countries with their two letters."""
    return [{"country_code": line[:2], "labels": _labels(line[3:])} for line in _COUNTRIES.split("\n") if line]


def languages() -> list[dict[str, Any]]:
    """Return languages with their two letters."""
    return [{"language_code": line[:2], "labels": _labels(line[3:])} for line in _LANGUAGES.split("\n") if line]


def business_activities() -> list[dict[str, Any]]:
    """Return categories with their activities."""
    return [
        {
            "business_category_id": fixed_id(category),
            "labels": _labels(category),
            "activities": [
                {"business_activity_id": fixed_id(f"{category}/{name}"), "labels": _labels(name)} for name in names
            ],
        }
        for category, names in _ACTIVITIES.items()
    ]


def _labels(text: str) -> list[dict[str, str]]:
    return [{"label": label, "language_code": code} for code, label in zip(("EN", "DE"), text.split("|"), strict=True)]
