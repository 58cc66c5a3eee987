"""The routes of all pages."""

from aiohttp import web

from kycaid_async.sandbox import forms
from kycaid_async.sandbox.pages import static
from kycaid_async.sandbox.pages.form import FormPages
from kycaid_async.sandbox.pages.house import House
from kycaid_async.sandbox.pages.origin import only_local_names
from kycaid_async.sandbox.pages.serving import from_us, serving


def add_pages(app: web.Application, house: House) -> None:
    """Add the routes of the pages. Where everybody knows the key, the whole server answers to local names only."""
    if house.is_open:
        app.middlewares.append(only_local_names())
    form = FormPages(house)
    app.router.add_route("GET", static.PATH, serving("pages.static", static.serve))
    app.router.add_route("GET", forms.PATH, serving("forms.page", form.show))
    app.router.add_route("POST", forms.PATH, serving("forms.submit", from_us(form.take)))
