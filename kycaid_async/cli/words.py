"""Words that several commands have in common."""

from collections.abc import Iterable

from kycaid_async.values.decline_reasons import DeclineReason


def reason_text(reason: DeclineReason) -> str:
    """Return a decline reason by its name, id and meaning, as far as they are known."""
    number = "" if reason.id is None or str(reason.id) == str(reason) else f" ({reason.id})"
    return f"{reason}{number}{f': {reason.meaning}' if reason.meaning else ''}"


def reasons_text(reasons: Iterable[DeclineReason]) -> str:
    """Return decline reasons in one cell."""
    return "; ".join(map(reason_text, reasons))
