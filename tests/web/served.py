"""A program that serves callbacks: ``python served.py SERVER FRAMEWORK FD`` on a socket that is listening already."""

import logging
import socket
import sys

import django
import django.conf
import django.urls
import flask
import starlette.applications
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware

from kycaid_async.web import aiohttp as on_aiohttp
from kycaid_async.web import django as on_django
from kycaid_async.web import flask as on_flask
from kycaid_async.web import starlette as on_starlette
from tests.callbacks.messages import KEY

WAYS = ("whole", "stream", "part", "later")
"""How a middleware reads a body: as frameworks mean it, the stream to its end, a part of it, or after the view."""
urlpatterns = [django.urls.path(way, on_django.callback_view(print, KEY)) for way in ("kycaid", *WAYS)]


def django_middleware(get_response):
    def middleware(request):
        way = request.path.strip("/")
        if way == "whole":
            assert request.body
        elif way in ("stream", "part"):
            request.read(10 if way == "part" else 1_000_000)
        response = get_response(request)
        if way == "later":
            assert request.body
        return response

    return middleware


def on_django_app(kind):
    django.conf.settings.configure(
        ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[f"{__name__}.django_middleware"], LOGGING_CONFIG=None
    )
    django.setup()
    from django.core.handlers.asgi import ASGIHandler
    from django.core.handlers.wsgi import WSGIHandler

    return ASGIHandler() if kind == "asgi" else WSGIHandler()


def on_flask_app():
    app = flask.Flask("served")
    for way in ("kycaid", *WAYS):
        app.register_blueprint(on_flask.callback_blueprint(print, KEY, path=f"/{way}", name=way))

    @app.before_request
    def before():
        way = flask.request.path[1:]
        if way == "whole":
            assert flask.request.get_data()
        elif way == "stream":
            flask.request.get_data(cache=False)
        elif way == "part":
            flask.request.stream.read(10)

    @app.after_request
    def after(response):
        assert flask.request.path != "/later" or flask.request.get_data()
        return response

    return app


class StarletteMiddleware(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        way = request.url.path[1:]
        if way == "whole":
            assert await request.body()
        elif way == "stream":
            async for _ in request.stream():
                pass
        return await call_next(request)


def on_starlette_app():
    routes = [on_starlette.callback_route(print, KEY, path=f"/{way}") for way in ("kycaid", *WAYS)]
    return starlette.applications.Starlette(routes=routes, middleware=[Middleware(StarletteMiddleware)])


def on_aiohttp_app():
    from aiohttp import web

    @web.middleware
    async def middleware(request, handler):
        way = request.path[1:]
        if way == "whole":
            assert await request.json()
        elif way == "stream":
            await request.content.read()
        elif way == "part":
            await request.content.read(10)
        response = await handler(request)
        assert way != "later" or await request.read()
        return response

    app = web.Application(middlewares=[middleware])
    app.add_routes([on_aiohttp.callback_route(print, KEY, path=f"/{way}") for way in ("kycaid", *WAYS)])
    return app


APPS = {
    "aiohttp": on_aiohttp_app,
    "starlette": on_starlette_app,
    "flask": on_flask_app,
    "django-wsgi": lambda: on_django_app("wsgi"),
    "django-asgi": lambda: on_django_app("asgi"),
}


def with_aiohttp(app, listening, **options):
    import asyncio

    from aiohttp import web

    async def serve():
        runner = web.AppRunner(app, **options)
        await runner.setup()
        await web.SockSite(runner, listening).start()
        await asyncio.Event().wait()

    asyncio.run(serve())


def with_uvicorn(app, listening):
    import uvicorn

    uvicorn.run(app, fd=listening.fileno(), lifespan="off", log_level="warning")


def with_hypercorn(app, listening):
    import asyncio

    import hypercorn.asyncio
    import hypercorn.config

    config = hypercorn.config.Config.from_mapping(bind=f"fd://{listening.fileno()}", graceful_timeout=0.1)
    asyncio.run(hypercorn.asyncio.serve(app, config))


def with_gunicorn(app, listening):
    import gunicorn.app.base

    class Application(gunicorn.app.base.BaseApplication):
        def load_config(self):
            self.cfg.set("bind", f"fd://{listening.fileno()}")
            self.cfg.set("worker_class", "gthread")
            self.cfg.set("graceful_timeout", 1)

        def load(self):
            return app

    Application().run()


def with_werkzeug(app, listening):
    import werkzeug.serving

    werkzeug.serving.make_server("127.0.0.1", 0, app, threaded=True, fd=listening.fileno()).serve_forever()


def with_runserver(app, listening):
    """As Django's own development server does."""
    from socketserver import ThreadingMixIn

    from django.core.servers.basehttp import WSGIRequestHandler, WSGIServer

    class Server(ThreadingMixIn, WSGIServer):
        daemon_threads = True

        def server_bind(self):
            self.socket.close()
            self.socket = listening
            self.server_name, self.server_port = "127.0.0.1", listening.getsockname()[1]
            self.setup_environ()

        def server_activate(self):
            pass

    server = Server(("127.0.0.1", 0), WSGIRequestHandler)
    server.set_app(app)
    server.serve_forever()


SERVERS = {
    "aiohttp": with_aiohttp,
    "aiohttp-raw": lambda app, listening: with_aiohttp(app, listening, auto_decompress=False),
    "uvicorn": with_uvicorn,
    "hypercorn": with_hypercorn,
    "gunicorn": with_gunicorn,
    "werkzeug": with_werkzeug,
    "runserver": with_runserver,
}

if __name__ == "__main__":
    # Under its importable name, for settings of Django that name things in here.
    from tests.web import served

    logging.basicConfig(format="%(name)s: %(message)s")
    logging.getLogger("kycaid_async").setLevel(logging.INFO)
    server, framework, fd = sys.argv[1:]
    served.SERVERS[server](served.APPS[framework](), socket.socket(fileno=int(fd)))
