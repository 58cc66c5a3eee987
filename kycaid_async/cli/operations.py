"""The table of operations, from their declarations."""

from collections.abc import Iterator

from kycaid_async.api.catalog import ENDPOINTS

HEADINGS = ("operation", "request", "known from", "sent again after a lost answer")


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield a row for each operation, by section and name."""
    for endpoint in sorted(ENDPOINTS.values(), key=lambda e: e.name.split(".")):
        again = "yes" if endpoint.replayable else f"never ({endpoint.replay})"
        yield endpoint.name, f"{endpoint.method} {endpoint.path}", str(endpoint.evidence), again


def as_markdown() -> str:
    """Return the table as it stands in the README."""
    lines = [HEADINGS, tuple("---" for _ in HEADINGS)]
    code = [(f"`{name}`", f"`{request}`", evidence, again) for name, request, evidence, again in rows()]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [*lines, *code]) + "\n"


def as_text() -> str:
    """Return the table in columns."""
    cells = [HEADINGS, *rows()]
    widths = [max(len(row[n]) for row in cells) for n in range(len(HEADINGS))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines) + "\n"
