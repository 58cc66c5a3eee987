"""The style sheet, the scripts and the icon: files beside this one, served by name and nothing else."""

from functools import cache
from importlib.resources import files
from typing import Final

from aiohttp import web
from anyio import to_thread

from kycaid_async.sandbox.http.refusals import not_found
from kycaid_async.sandbox.pages.responses import PAGE

PATH: Final = "/_sandbox/static/{name}"
_TYPES: Final = {
    "pages.css": "text/css",
    "form.js": "text/javascript",
    "dashboard.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FOLDER: Final = files("kycaid_async.sandbox.pages") / "static"


def url_of(name: str) -> str:
    """Return the path of a file of ours."""
    return PATH.format(name=name)


async def serve(request: web.Request) -> web.StreamResponse:
    """Answer with a file of ours."""
    name = request.match_info["name"]
    if name not in _TYPES:
        raise not_found()
    text = await to_thread.run_sync(_read, name)
    return web.Response(text=text, content_type=_TYPES[name], charset="utf-8", headers=PAGE)


@cache
def _read(name: str) -> str:
    return (_FOLDER / name).read_text("utf-8")
