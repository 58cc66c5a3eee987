"""The one list of sections. The attributes of both clients come from it, and the catalogue of operations.

A section is imported when it is first asked for: all of them take a while, and few programs need them.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kycaid_async.api.addresses import Addresses
    from kycaid_async.api.affiliated_persons import AffiliatedPersons
    from kycaid_async.api.applicants import Applicants
    from kycaid_async.api.blacklist_databases.section import BlacklistDatabases
    from kycaid_async.api.business_activities import BusinessActivities
    from kycaid_async.api.countries import Countries
    from kycaid_async.api.crypto import Crypto
    from kycaid_async.api.documents.section import Documents
    from kycaid_async.api.files import Files
    from kycaid_async.api.forms import Forms
    from kycaid_async.api.languages import Languages
    from kycaid_async.api.non_doc_verifications import NonDocVerifications
    from kycaid_async.api.phone_numbers import PhoneNumbers
    from kycaid_async.api.qes import Qes
    from kycaid_async.api.risk_checks import RiskChecks
    from kycaid_async.api.section import Section
    from kycaid_async.api.verifications.section import Verifications
    from kycaid_async.protocol.endpoint import Endpoint


class _Attribute:
    """Makes a section when it is first asked for. Its name is that of the module, and of the class in CapWords."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, client: "Sections | None", owner: type) -> Any:
        if client is None:
            return self
        own = client._open(class_of(self._name))  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # its other half
        return vars(client).setdefault(self._name, own)  # of two threads that come at once, both get the first one


def _section() -> Any:
    # Typed as what it gives those who have a client, by the annotation beside it.
    return _Attribute()


class Sections:
    """Base of the client: its sections, one line each."""

    addresses: "Addresses" = _section()
    affiliated_persons: "AffiliatedPersons" = _section()
    applicants: "Applicants" = _section()
    blacklist_databases: "BlacklistDatabases" = _section()
    business_activities: "BusinessActivities" = _section()
    countries: "Countries" = _section()
    crypto: "Crypto" = _section()
    documents: "Documents" = _section()
    files: "Files" = _section()
    forms: "Forms" = _section()
    languages: "Languages" = _section()
    non_doc_verifications: "NonDocVerifications" = _section()
    phone_numbers: "PhoneNumbers" = _section()
    qes: "Qes" = _section()
    risk_checks: "RiskChecks" = _section()
    verifications: "Verifications" = _section()

    def _open(self, section: "type[Section]") -> "Section":
        raise NotImplementedError


SECTIONS = tuple(name for name, value in vars(Sections).items() if isinstance(value, _Attribute))
"""The names of all sections, as in ``documents``."""


def class_of(section: str) -> "type[Section]":
    """Return the class of a section, as in ``documents``."""
    module = importlib.import_module(f"kycaid_async.api.{section}")
    cls: type[Section] = getattr(module, class_name(section))
    return cls


def endpoints_of(section: str) -> "tuple[Endpoint[Any], ...]":
    """Return the endpoints of a section, as in ``documents``."""
    endpoints: tuple[Endpoint[Any], ...] = importlib.import_module(f"kycaid_async.api.{section}").ENDPOINTS
    return endpoints


def class_name(section: str) -> str:
    """Return the name of a section's class: ``NonDocVerifications`` of ``non_doc_verifications``."""
    return section.title().replace("_", "")
