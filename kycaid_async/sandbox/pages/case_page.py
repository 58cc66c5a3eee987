"""The page of an applicant, and the page on which a person decides."""

from collections.abc import Sequence
from typing import Any, Final

import attrs

from kycaid_async.html import Child, Html, join, tag
from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.overview import DocumentRow, FileRow, VerificationRow
from kycaid_async.sandbox.pages.layout import HOME, Shell, badge, breakable, facts, field, live, reasons, status_badge
from kycaid_async.sandbox.storage.applicants import name_in
from kycaid_async.sandbox.storage.database import Row
from kycaid_async.sandbox.storage.documents import SIDES
from kycaid_async.values.decline_reasons import DeclineReason

NO_NAME: Final = "(no name)"


@attrs.frozen(kw_only=True, eq=False, repr=False)
class CasePage(ValueObject):
    """An applicant with its persons, documents and verifications."""

    shell: Shell
    applicant: Row
    persons: Sequence[Row]
    """Who is affiliated to a company."""
    documents: Sequence[DocumentRow]
    """Of the applicant and of the persons."""
    bodies: dict[str, Row]
    """The fields of each document by its id."""
    verifications: Sequence[VerificationRow]

    def markup(self) -> str:
        """Return the page of the applicant."""
        name = name_in(self.applicant["body"]) or NO_NAME
        # The name stands in the heading only: titles stay in the history of the browser, and go to its other devices.
        return self.shell.page(
            "Applicant",
            tag("p", tag("a", "Applicants", href=HOME, data_up=True), class_="crumbs"),
            tag("h1", name),
            live("applicant", facts({**_readable(self.applicant["body"]), "applicant_id": _id(self.applicant["id"])})),
            live("persons", tag("h2", "Persons") if self.persons else None, [_person(row) for row in self.persons]),
            tag("h2", "Verifications"),
            live("verifications", [self._verification(row) for row in self.verifications] or _none("No verification.")),
            tag("h2", "Documents"),
            live("documents", [self._document(row) for row in self.documents] or _none("No document.")),
        )

    def _verification(self, row: VerificationRow) -> Html:
        return tag(
            "section",
            tag("h3", "Verification ", status_badge(row.status, verified=row.verified, waits=row.waits_for_person)),
            facts({"verification_id": _id(row.verification_id), "price": f"{row.price:.2f} €", "comment": row.comment}),
            reasons(row.reasons),
            self._decide(row.verification_id) if row.status != "unused" else None,
            class_="card entry",
        )

    def seen(self, only: DocumentRow | None) -> Html:
        """Return what to look at before deciding: one document, or all of them."""
        chosen = [only] if only else self.documents
        return join(
            (
                [(tag("h2", self.title_of(row)), pictures(row.files), self._fields(row)) for row in chosen],
                tag("h2", "Applicant"),
                facts(_readable(self.applicant["body"])),
                [_person(row) for row in self.persons],
            )
        )

    def title_of(self, row: DocumentRow) -> str:
        """Return what a document is, and whose."""
        return f"{title(row.type)} of {row.owner_name or NO_NAME}"

    def _fields(self, row: DocumentRow) -> Html:
        return facts({**_readable(self.bodies.get(row.document_id, {})), "document_id": _id(row.document_id)})

    def _document(self, row: DocumentRow) -> Html:
        return tag(
            "section",
            tag("h3", self.title_of(row), " ", status_badge(row.status, waits=row.waits_for_person)),
            pictures(row.files),
            self._fields(row),
            reasons(row.reasons),
            self._decide(row.document_id),
            class_="card entry",
        )

    def _decide(self, id_: str) -> Html:
        back = f"{HOME}applicants/{self.applicant['id']}"
        approve = tag("button", "Approve", type="submit", id=f"approve-{id_}", data_do="approve")
        decline = tag("a", "Decline…", href=f"{HOME}decide/{id_}", class_="button", data_do="decline")
        return tag(
            "div", self.shell.action("decide", approve, id=id_, verdict="approve", back=back), decline, class_="buttons"
        )


def decision(shell: Shell, id_: str, kind: str, heading: str, owner_id: str, *seen: Child) -> str:
    """Return the page on which a person gives reasons and decides. Nobody's name may stand in ``kind``."""
    back = f"{HOME}applicants/{owner_id}"
    return shell.page(
        f"Decide: {kind}",
        tag("p", tag("a", "Back to the applicant", href=back, data_up=True), class_="crumbs"),
        tag("h1", heading),
        tag(
            "div",
            tag("div", *seen, class_="seen"),
            shell.action(
                "decide",
                _checklist(),
                field("Comment", tag("input", type="text", name="comment", id="comment", maxlength="500"), "comment"),
                tag(
                    "div",
                    tag(
                        "button",
                        "Decline",
                        type="submit",
                        name="verdict",
                        value="decline",
                        class_="bad",
                        data_do="decline",
                    ),
                    tag(
                        "button",
                        "Approve",
                        type="submit",
                        name="verdict",
                        value="approve",
                        class_="good",
                        data_do="approve",
                    ),
                    class_="buttons",
                ),
                id=id_,
                back=back,
            ),
            class_="deciding",
        ),
    )


def _checklist() -> Html:
    return tag(
        "fieldset",
        tag("legend", "Reasons to decline"),
        tag(
            "div",
            tag("label", "Filter", for_="filter"),
            tag("input", type="search", id="filter", data_filter="reasons", autocomplete="off"),
            class_="field needs-script",
        ),
        tag("ul", [tag("li", _choice(reason)) for reason in DeclineReason], id="reasons", class_="checklist"),
        tag("p", "An approval has no reasons. A decline without one is for OTHER.", class_="hint quiet"),
    )


def _choice(reason: DeclineReason) -> Html:
    return tag(
        "label",
        tag("input", type="checkbox", name="reason", value=reason.value),
        tag("span", tag("code", breakable(reason.value)), " ", tag("span", reason.meaning, class_="quiet")),
    )


def pictures(files: Sequence[FileRow]) -> Html:
    """Return the pictures of files, each with a way to the file itself."""
    return tag("div", [_picture(file) for file in files] or _none("No file."), class_="pictures")


def _picture(file: FileRow) -> Html:
    side = title(file.side)
    return tag(
        "figure",
        tag(
            "a",
            tag("img", src=f"{HOME}pictures/{file.file_id}", alt=side, loading="lazy"),
            href=f"{HOME}pictures/{file.file_id}",
        ),
        tag(
            "figcaption",
            side,
            " ",
            tag("a", file.name, href=f"{HOME}downloads/{file.file_id}", download=True),
            tag("span", f" {file.size / 1024:.0f} KB", class_="quiet"),
        ),
    )


def _person(row: Row) -> Html:
    return tag(
        "section",
        tag("h3", name_in(row["body"]) or NO_NAME, " ", badge(row["type"].capitalize(), "plain")),
        facts({**_readable(row["body"]), "affiliated_person_id": _id(row["id"])}),
        class_="card entry",
    )


def _readable(body: Row) -> dict[str, Any]:
    return {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for key, value in body.items()
        if key not in SIDES and value is not None
    }


def _id(value: str) -> Html:
    return tag("code", value, class_="id")


def title(words: str) -> str:
    """Return words such as ``ID_CARD`` as people write them."""
    return words.replace("_", " ").capitalize()


def _none(text: str) -> Html:
    return tag("p", text, class_="empty")
