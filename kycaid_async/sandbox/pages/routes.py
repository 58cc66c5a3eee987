"""The routes of all pages."""

from functools import partial
from urllib.parse import urlsplit

from aiohttp import web

from kycaid_async.sandbox.data.account import FORM_PATH
from kycaid_async.sandbox.http.middleware import Middleware, RequestPublisher, add_route, chained
from kycaid_async.sandbox.http.refusals import Serve
from kycaid_async.sandbox.pages import layout, login
from kycaid_async.sandbox.pages.actions import Actions
from kycaid_async.sandbox.pages.context import PageContext
from kycaid_async.sandbox.pages.dashboard import EVENTS_PATH, Dashboard, Live
from kycaid_async.sandbox.pages.form import FormPages
from kycaid_async.sandbox.pages.layout import ACTIONS, HOME
from kycaid_async.sandbox.pages.login import Login, LoginSessions
from kycaid_async.sandbox.pages.middleware import answer_with_pages, require_local_name, require_same_origin
from kycaid_async.sandbox.pages.responses import DOWNLOAD_PATH, PICTURE_PATH, Pictures, see_other, static


def add_pages(app: web.Application, context: PageContext, publisher: RequestPublisher, describe_form: Serve) -> None:
    """Add the routes of the pages. Where everybody knows the key, the whole server answers to local names only.

    The page of a form has the path of a form of the API: ``describe_form`` serves those who come with a key.
    """
    if context.is_open:
        app.middlewares.append(require_local_name)
    form, publish = FormPages(context), publisher.publish
    _add(app, "GET", layout.STATIC_PATH, static)
    show = chained(form.show, answer_with_pages, publish)
    app.router.add_route("GET", FORM_PATH, partial(_by_caller, show, describe_form), name="forms.show")
    add_route(app, "POST", FORM_PATH, form.take, "forms.submit", answer_with_pages, publish, require_same_origin)
    _add_dashboard(app, context)


async def redirect_browsers(request: web.Request, serve: Serve) -> web.StreamResponse:
    """Send a browser that asks for the root to the dashboard."""
    if "text/html" in request.headers.get("Accept", ""):
        return await answer_with_pages(request, _to_dashboard)
    return await serve(request)


async def _by_caller(show: Serve, describe: Serve, request: web.Request) -> web.StreamResponse:
    is_program = any(name in request.headers for name in ("Authorization", "API-Key"))
    return await (describe if is_program else show)(request)


def _add(app: web.Application, method: str, path: str, serve: Serve, *middlewares: Middleware) -> None:
    add_route(app, method, path, serve, None, answer_with_pages, *middlewares)


def _add_dashboard(app: web.Application, context: PageContext) -> None:
    sessions = LoginSessions(context.api_key, urlsplit(context.urls.base_url).port, context.state.clock)
    door = Login(sessions, context.throttle, is_needed=not context.is_open)
    news = Live(context.control, door.admits)
    app.on_shutdown.append(news.end)
    dashboard, files = Dashboard(context, sessions), Pictures(context.state)
    pages = {
        HOME: dashboard.applicants,
        f"{HOME}applicants/{{id}}": dashboard.applicant,
        f"{HOME}decide/{{id}}": dashboard.decide,
        f"{HOME}verifications": dashboard.verifications,
        f"{HOME}callbacks": dashboard.callbacks,
        f"{HOME}requests": dashboard.requests,
        f"{HOME}controls": dashboard.controls,
        PICTURE_PATH: files.show,
        DOWNLOAD_PATH: files.download,
        EVENTS_PATH: news.stream,
    }
    _add(app, "GET", HOME.rstrip("/"), _to_dashboard)
    for path, serve in pages.items():
        _add(app, "GET", path, serve, door.require_login)
    post = partial(_add, app, "POST")
    _add(app, "GET", login.PATH, door.show)
    post(login.PATH, door.enter, require_same_origin)
    post(f"{ACTIONS}logout", door.leave, require_same_origin, door.require_login)
    post(f"{ACTIONS}{{action}}", Actions(context, sessions).serve, require_same_origin, door.require_login)


async def _to_dashboard(_request: web.Request) -> web.StreamResponse:
    return see_other(HOME)
