"""The 40 exchanges of the real service that were recorded, in 2020 and 2022: what was asked, and how it answered.

Names, ids and addresses of people are replaced; the messages are as they were. Each recording is a conversation in the
order in which it was had, of form fields, as its client sent them. ``{applicant}`` stands for the id of the applicant
of a recording, ``{file}`` for that of the file that was sent last.
"""

from typing import Any, Final

import attrs


@attrs.frozen
class Exchange:
    """A request, and its recorded answer."""

    method: str
    path: str
    fields: dict[str, str] = attrs.field(factory=dict)
    status: int = 200
    answer: dict[str, Any] = attrs.field(factory=dict)
    """Of a refusal the body; of any other answer its keys with a value of the recorded type each."""
    minutes_before: int = 0
    """How much time passes before it."""
    why_not: str = ""
    """Why the sandbox answers otherwise."""


@attrs.frozen
class Recording:
    """One conversation."""

    name: str
    exchanges: tuple[Exchange, ...]


_PERSON: Final = {
    "dob": "1986-05-03",
    "email": "jane@example.com",
    "first_name": "Jane",
    "last_name": "Example",
    "residence_country": "GB",
    "sandbox": "true",
    "type": "PERSON",
}
_ADDRESS: Final = {
    "applicant_id": "{applicant}",
    "city": "London",
    "country": "GB",
    "postal_code": "SW1A 2AB",
    "sandbox": "true",
    "type": "REGISTERED",
}
_DOCUMENT: Final = {"applicant_id": "{applicant}", "sandbox": "true", "type": "ADDRESS_DOCUMENT"}
_SUPERSEDED: Final = "in 2020 it was required; the same body gave 200 in 2022"
_EDITED: Final = "the author of the recording shortened the body: six keys, where each other one has thirty"
_APPLICANT_2022: Final = {
    **dict.fromkeys(("applicant_id", "external_applicant_id", "type", "created_at"), ""),
    **dict.fromkeys(("profile_status", "profile_comment")),
    "first_name": "",
    "origin_first_name": None,
    "middle_name": None,
    "origin_middle_name": None,
    "last_name": "",
    "origin_last_name": None,
    "residence_country": "",
    "dob": "",
    "gender": None,
    "email": "",
    **dict.fromkeys(("phone", "wallet_address", "telegram_username", "pep")),
    **{f"custom_field_{number}": None for number in range(1, 6)},
    "decline_reasons": [],
    "addresses": [],
    "documents": [],
    "verification_status": "",
    "external_applicant_id": None,
}


def _refused(parameter: str, message: str) -> dict[str, Any]:
    return {"type": "validation", "errors": [{"parameter": parameter, "message": message}]}


def _without(fields: dict[str, str], name: str) -> dict[str, str]:
    return {key: value for key, value in fields.items() if key != name}


def _person(status: int = 200, answer: dict[str, Any] | None = None, **changes: Any) -> Exchange:
    why_not = changes.pop("why_not", "")
    fields = {name: value for name, value in (_PERSON | changes).items() if value is not None}
    return Exchange("POST", "/applicants", fields, status, answer or {"applicant_id": ""}, why_not=why_not)


def _required(parameter: str, message: str) -> Exchange:
    return _person(422, _refused(parameter, f"{message} is required"), **{parameter: None}, why_not=_SUPERSEDED)


_NO_TYPE: Final = _person(422, _refused("type", "Type of applicant is not valid"), type=None)
_BAD_DAY: Final = _person(422, _refused("dob", "Day of birth is not valid"), dob="05-03-1886")
_BAD_COUNTRY: Final = _person(
    422, _refused("residence_country", "Country of residence is not valid"), residence_country="Andorra"
)
_EDITED_GET: Final = Exchange(
    "GET",
    "/applicants/{applicant}?sandbox=true",
    answer=dict.fromkeys(("applicant_id", "first_name", "last_name", "dob", "residence_country", "email"), ""),
    why_not=_EDITED,
)
_FILE: Final = Exchange("POST", "/files", answer={"file_id": ""})
_WITH_FILE: Final = Exchange("POST", "/documents", _DOCUMENT | {"front_side_id": "{file}"}, answer={"document_id": ""})

RECORDINGS: Final = (
    Recording(
        "applicants on 24 May 2020",
        (
            _person(),
            _required("first_name", "First name"),
            Exchange("POST", "/applicants", {"sandbox": "true"}, 422, _NO_TYPE.answer),
        ),
    ),
    Recording(
        "applicants on 25 May 2020",
        (
            _person(),
            _NO_TYPE,
            _required("first_name", "First name"),
            _required("last_name", "Last name"),
            _required("dob", "Date of birth"),
            _BAD_DAY,
            _required("residence_country", "Country of residence"),
            _BAD_COUNTRY,
            _required("email", "Email"),
            _EDITED_GET,
            _EDITED_GET,
        ),
    ),
    Recording(
        "addresses on 28 May 2020",
        (
            _FILE,
            _WITH_FILE,
            Exchange("POST", "/addresses", _ADDRESS, answer={"address_id": ""}),
            Exchange("POST", "/documents", _DOCUMENT, answer={"document_id": ""}),
            Exchange(
                "POST", "/addresses", _without(_ADDRESS, "type"), 422, _refused("type", "Type of address is not valid")
            ),
            Exchange(
                "POST",
                "/addresses",
                _ADDRESS | {"country": "Andorra"},
                422,
                _refused("country", "Country of residence is not valid"),
            ),
            *((_FILE, _WITH_FILE) * 4),
        ),
    ),
    Recording(
        "applicants on 17 September 2022",
        (
            _person(),
            _NO_TYPE,
            _person(first_name=None),
            _person(last_name=None),
            _person(dob=None),
            _BAD_DAY,
            _person(residence_country=None),
            _BAD_COUNTRY,
            _person(email=None),
            Exchange(
                "GET", "/applicants/{applicant}?sandbox=true", answer=_APPLICANT_2022 | {"verifications_count": 0}
            ),
            Exchange(
                "GET",
                "/applicants/{applicant}?sandbox=true",
                answer=_APPLICANT_2022 | {"verifications_count": "0"},
                minutes_before=31,
            ),
        ),
    ),
    Recording(
        "a form on 17 September 2022",
        (
            Exchange(
                "POST",
                "/forms/{form}/urls",
                {
                    "applicant_id": "{applicant}",
                    "external_applicant_id": "ID0000000000",
                    "redirect_url": "https://shop.example.com",
                    "sandbox": "true",
                },
                answer={"form_id": "", "form_url": "", "verification_id": ""},
            ),
        ),
    ),
)
