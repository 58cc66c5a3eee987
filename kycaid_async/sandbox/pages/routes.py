"""The routes of all pages."""

from urllib.parse import urlsplit

from aiohttp import web

from kycaid_async.sandbox.data import forms
from kycaid_async.sandbox.http.middleware import watched
from kycaid_async.sandbox.http.responses import Serve
from kycaid_async.sandbox.pages import live, login, pictures, static
from kycaid_async.sandbox.pages.actions import Actions
from kycaid_async.sandbox.pages.context import House
from kycaid_async.sandbox.pages.dashboard import Dashboard
from kycaid_async.sandbox.pages.form import FormPages
from kycaid_async.sandbox.pages.live import Live
from kycaid_async.sandbox.pages.login import Login
from kycaid_async.sandbox.pages.middleware import from_us, serving
from kycaid_async.sandbox.pages.origin import only_local_names
from kycaid_async.sandbox.pages.pictures import Pictures
from kycaid_async.sandbox.pages.responses import see_other
from kycaid_async.sandbox.pages.session import Sessions
from kycaid_async.sandbox.pages.shell import ACTIONS, HOME


def add_pages(app: web.Application, house: House, elsewhere: Serve) -> None:
    """Add the routes of the pages. Where everybody knows the key, the whole server answers to local names only.

    ``elsewhere`` answers whoever asks for the root and is no browser.
    """
    if house.is_open:
        app.middlewares.append(only_local_names())
    form = FormPages(house)
    routes: list[tuple[str, str, Serve]] = [
        ("GET", static.PATH, static.serve),
        ("GET", forms.PATH, watched(house.state.feed, "forms.show", form.show)),
        ("POST", forms.PATH, watched(house.state.feed, "forms.submit", from_us(form.take))),
        *_dashboard(app, house),
    ]
    for method, path, serve in routes:
        app.router.add_route(method, path, serving(f"pages {path}", serve))
    app.router.add_route("GET", "/", _root(elsewhere))


def _dashboard(app: web.Application, house: House) -> list[tuple[str, str, Serve]]:
    sessions = Sessions(house.api_key, urlsplit(house.links.base_url).port, house.state.clock)
    door = Login(sessions, house.throttle, is_needed=not house.is_open)
    news = Live(house.control, house.state.clock, door.admits)
    app.on_shutdown.append(news.end)
    shown, files = Dashboard(house, sessions, news), Pictures(house.state)
    pages = {
        HOME: shown.applicants,
        f"{HOME}applicants/{{id}}": shown.applicant,
        f"{HOME}decide/{{id}}": shown.decide,
        f"{HOME}verifications": shown.verifications,
        f"{HOME}callbacks": shown.callbacks,
        f"{HOME}requests": shown.requests,
        f"{HOME}controls": shown.controls,
        pictures.PATH: files.show,
        pictures.DOWNLOAD: files.download,
        live.PATH: news.stream,
    }
    return [
        ("GET", HOME.rstrip("/"), _to_dashboard),
        *(("GET", path, door.private(serve)) for path, serve in pages.items()),
        ("GET", login.PATH, door.show),
        ("POST", login.PATH, from_us(door.enter)),
        ("POST", f"{ACTIONS}logout", from_us(door.private(door.leave))),
        ("POST", f"{ACTIONS}{{action}}", from_us(door.private(Actions(house, sessions).serve))),
    ]


async def _to_dashboard(_request: web.Request) -> web.StreamResponse:
    return see_other(HOME)


def _root(elsewhere: Serve) -> Serve:
    async def served(request: web.Request) -> web.StreamResponse:
        is_browser = "text/html" in request.headers.get("Accept", "")
        return await (_to_dashboard if is_browser else elsewhere)(request)

    return served
