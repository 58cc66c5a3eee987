"""The page of a hosted form."""

from collections.abc import Iterable, Mapping

import attrs

from kycaid_async.html import Child, Html, Value, tag
from kycaid_async.sandbox.pages.layout import document, notice
from kycaid_async.sandbox.pages.questions import FormPart, Question

_ACCEPT = "image/*,application/pdf"


@attrs.frozen(kw_only=True)
class FormPage:
    """The page of a form: its parts, the answers before, and their faults."""

    title: str
    parts: Iterable[FormPart]
    typed: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    faults: Mapping[str, str] = attrs.field(factory=dict)

    def markup(self) -> str:
        """Return the page."""
        return document(
            self.title,
            tag(
                "main",
                tag("h1", self.title),
                tag("p", "This is a sandbox: nobody but its owner sees what you enter here.", class_="quiet"),
                self._summary(),
                tag(
                    "form",
                    [self._part(part) for part in self.parts],
                    tag("button", "Submit", type="submit", class_="main"),
                    method="post",
                    enctype="multipart/form-data",
                ),
                class_="card form",
            ),
            script="form.js",
        )

    def _summary(self) -> Html:
        count = sum(bool(name) for name in self.faults)
        text = self.faults.get("") or (count and f"Please look at {count} {'field' if count == 1 else 'fields'} below.")
        repick = "Files have to be picked again." if self.faults else None
        return tag(
            "div",
            [tag("p", text), tag("p", repick, data_without_script=True)] if text else None,
            id="summary",
            class_="problem",
            role="alert",
            tabindex="-1",
        )

    def _part(self, part: FormPart) -> Html:
        optional = tag("span", " (may be left out)", class_="quiet") if part.is_optional else None
        questions = [self._question(part, question) for question in part.questions]
        return tag("fieldset", tag("legend", part.title, optional), questions)

    def _question(self, part: FormPart, question: Question) -> Html:
        name = part.input_of(question.field)
        fault = self.faults.get(name)
        described = f"{name}-hint {name}-fault"
        common: dict[str, Value] = {
            "id": name,
            "name": name,
            "required": question.needed,
            "aria_describedby": described,
            "aria_invalid": "true" if fault else None,
        }
        mark = None if question.needed or part.is_optional else tag("span", " optional", class_="quiet")
        return tag(
            "div",
            tag("label", question.label, mark, for_=name),
            self._input(name, question, common),
            tag("p", question.hint, id=f"{name}-hint", class_="hint quiet") if question.hint else None,
            tag("p", fault, id=f"{name}-fault", class_="fault"),
            class_="field file" if question.kind == "file" else "field",
        )

    def _input(self, name: str, question: Question, common: Mapping[str, Value]) -> Child:
        typed = self.typed.get(name)
        if question.kind == "file":
            return tag("div", tag("input", type="file", accept=_ACCEPT, **common), class_="drop")
        if question.kind == "select":
            choices = (("", "Choose…"), *question.choices)
            options = [tag("option", label, value=value, selected=value == typed) for value, label in choices]
            return tag("select", options, autocomplete=question.autocomplete, **common)
        return tag("input", type=question.kind, value=typed, autocomplete=question.autocomplete, **common)


def thanks(redirect_url: str | None) -> str:
    """Return the page after a form was taken, which goes on to ``redirect_url``."""
    if redirect_url is None:
        return notice("Thank you", "Your data were sent. You can close this page.")
    # A redirect would be held against the policy for forms, also where that page sends the browser next.
    return notice(
        "Thank you",
        "Your data were sent.",
        tag("a", "Continue", href=redirect_url, id="next", rel="noreferrer"),
        head=tag("meta", http_equiv="refresh", content=f"0;url={redirect_url}"),
    )
