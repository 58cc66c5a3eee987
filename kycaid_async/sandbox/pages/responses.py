"""What browsers are told: run no foreign code, keep nothing, show it in no frame."""

from typing import Final

from aiohttp import web

_ALWAYS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
PAGE: Final = _ALWAYS | {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # Nothing goes to others. With no-referrer browsers would also hide from us where a form was sent from.
    "Referrer-Policy": "same-origin",
}
CONTENT: Final = _ALWAYS | {
    # What somebody uploaded never runs, whatever it is.
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}


def page(markup: str, status: int = 200) -> web.Response:
    """Return a page."""
    return web.Response(text=markup, status=status, content_type="text/html", charset="utf-8", headers=PAGE)


def download() -> dict[str, str]:
    """Return the headers of an upload as it came: bytes to keep, never a page."""
    return CONTENT | {"Content-Type": "application/octet-stream", "Content-Disposition": "attachment"}


def see_other(path: str) -> web.Response:
    """Send the browser to a page of ours."""
    return web.Response(status=303, headers=PAGE | {"Location": path})
