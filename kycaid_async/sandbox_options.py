"""The options of a sandbox on a command line: of ``kycaid sandbox``, and of ``python -m kycaid_async.sandbox``.

They stand below both: the first must not load a sandbox to show its help, and the second must do without typer.
"""

from pathlib import Path
from typing import Any

import attrs


def _says(text: str, metavar: str | None = None, **more: Any) -> dict[str, Any]:
    return {"help": text, "metavar": metavar, **more}


@attrs.frozen(kw_only=True)
class SandboxOptions:
    """The options as they are typed, with their help."""

    host: str = attrs.field(default="127.0.0.1", metadata=_says("Address to listen on.", "ADDRESS"))
    port: int = attrs.field(default=8000, metadata=_says("Port to listen on; 0 for a free one.", "N", min=0, max=65535))
    api_key: str | None = attrs.field(
        default=None,
        repr=False,
        metadata=_says(
            "Key to accept; a host that others can reach needs one of its own.", "KEY", envvar="KYCAID_SANDBOX_KEY"
        ),
    )
    data: Path | None = attrs.field(
        default=None,
        metadata=_says(
            "Keep the data here. Without it they are gone at the end; after a kill, when another sandbox starts.", "DIR"
        ),
    )
    review_after: float = attrs.field(
        default=0, metadata=_says("How long a new document waits for its review.", "SECONDS")
    )
    manual: bool = attrs.field(
        default=False, metadata=_says("Leave documents and verifications to a person at the dashboard.")
    )
    strict: bool = attrs.field(default=False, metadata=_says("Refuse what is not proven of the real service."))
    balance: float | None = attrs.field(
        default=None, metadata=_says("What is on the account. Default: it never runs out.", "EUROS")
    )
    callback_url: str | None = attrs.field(
        default=None, metadata=_says("Where callbacks go for which no request names a URL.", "URL")
    )
    seed: int = attrs.field(default=0, metadata=_says("What chance depends on: the same runs are the same.", "N"))
    fault: list[str] | None = attrs.field(
        default=None,
        metadata=_says("Let this go wrong, as in 429:documents.create:0.1. May be given more than once.", "FAULT"),
    )
    quiet: bool = attrs.field(default=False, metadata=_says("Print no line for each request."))

    @property
    def of_sandbox(self) -> dict[str, Any]:
        """The arguments of a `Sandbox`."""
        same = ("host", "port", "data", "review_after", "strict", "balance", "callback_url", "seed")
        chosen = {name: getattr(self, name) for name in same}
        chosen |= {"api_key": self.api_key} if self.api_key else {}
        return chosen | {"review": "manual" if self.manual else "rules"}
