"""A receiver of callbacks for people: it verifies, answers and shows them."""

import os
import socket
import sys
from datetime import datetime
from typing import Any, Final, Self

import anyio
import attrs
import typer
from aiohttp import web

from kycaid_async.callbacks.events import Event
from kycaid_async.callbacks.parsing import construct_event
from kycaid_async.callbacks.signature import MAX_BODY, SIGNATURE_HEADER, keys_of
from kycaid_async.cli.json_io import write_json
from kycaid_async.cli.options import required_key
from kycaid_async.cli.problems import Problem, one_line
from kycaid_async.errors import BodyTooLargeError, DecodeError, InvalidSignatureError
from kycaid_async.loops import stop_accepting
from kycaid_async.masking import value_or_mask
from kycaid_async.signals import run_async, stop_signals
from kycaid_async.values.secret import ApiKey

_HOST: Final = "127.0.0.1"
_IDS: Final = ("verification_id", "applicant_id", "service_request_id")
_WORDS: Final = ("status", "verification_status", "service_request_type", "service_request_status")
_SHOWN_OF_AN_ID: Final = 4
_ANSWERS: Final = {
    InvalidSignatureError: (401, "refused: not signed with this key"),
    DecodeError: (400, "refused: signed, and no JSON object"),
    BodyTooLargeError: (413, "refused: too large"),
}
_REFUSED: Final = (InvalidSignatureError, DecodeError, BodyTooLargeError)


@attrs.define
class Listener:
    """Receives callbacks until it is told to stop, or has had enough."""

    _keys: tuple[ApiKey, ...] = attrs.field(repr=False)
    _show: bool
    _answer: int
    _left: int | None
    _enough: anyio.Event = attrs.field(factory=anyio.Event, init=False)

    @classmethod
    def of(cls, *, show: bool, answer: int, count: int | None) -> Self:
        """Return a listener with the key of the environment. Raises `Problem` and `ConfigurationError`."""
        return cls(keys_of(required_key()), show, answer, count)

    def run(self, port: int) -> None:
        """Listen until a signal. Raises `Problem` when the port is in use."""
        run_async(self._run, port)

    async def _run(self, port: int) -> None:
        with stop_signals() as told:
            app = web.Application(client_max_size=MAX_BODY + 1)
            app.router.add_route("*", "/{path:.*}", self._receive)
            listening = _bind(port)
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            try:
                await web.SockSite(runner, listening).start()
                url = f"http://{_HOST}:{listening.getsockname()[1]}/"
                self._say(f"Listening on {url} until Ctrl-C. For example: kycaid sandbox --callback-url {url}")
                async with anyio.create_task_group() as group:
                    group.start_soon(self._until_enough, group.cancel_scope)
                    await told()
                    group.cancel_scope.cancel()
            finally:
                await stop_accepting(listening.fileno())
                await runner.cleanup()

    async def _until_enough(self, scope: anyio.CancelScope) -> None:
        await self._enough.wait()
        scope.cancel()

    async def _receive(self, request: web.Request) -> web.Response:
        if request.method != "POST":
            return web.json_response({"error": "callbacks are sent with POST"}, status=405)
        try:
            body = await request.read()
            event = construct_event(body, request.headers.get(SIGNATURE_HEADER), self._keys)
        except web.HTTPRequestEntityTooLarge:
            return self._refuse(BodyTooLargeError)
        except _REFUSED as error:
            return self._refuse(type(error))
        self._say(line_of(event))
        if self._show:
            write_json(event.raw)
            sys.stdout.flush()
        answer = web.json_response({"status": "ok"}, status=self._answer)
        if self._left is not None:
            # The last one is answered before this ends.
            await answer.prepare(request)
            await answer.write_eof()
            self._left -= 1
            if self._left <= 0:
                self._enough.set()
        return answer

    def _refuse(self, kind: type[InvalidSignatureError | DecodeError | BodyTooLargeError]) -> web.Response:
        status, why = _ANSWERS[kind]
        self._say(f"{_time()} {why}")
        return web.json_response({"error": why}, status=status)

    def _say(self, text: str) -> None:
        # What is on the standard output together with bodies has to be theirs alone.
        typer.echo(text, err=self._show)


def line_of(event: Event) -> str:
    """Return an event in one line, without what is personal."""
    raw = event.raw
    words = [value_or_mask(str(raw[name])) for name in _WORDS if isinstance(raw.get(name), str)]
    if isinstance(raw.get("verified"), bool):
        words.append("verified" if raw["verified"] else "not verified")
    ids = [f"{name} {_beginning(raw[name])}" for name in _IDS if raw.get(name)]
    kind = value_or_mask(str(raw["type"])) if raw.get("type") else "without a type"
    return one_line(f"{_time()} {kind}: {', '.join([*words, *ids]) or 'nothing that can be shown'}")


def _beginning(value: Any) -> str:
    text = str(value)
    return f"{text[:_SHOWN_OF_AN_ID]}…" if text.isalnum() and len(text) > 2 * _SHOWN_OF_AN_ID else "…"


def _time() -> str:
    return f"{datetime.now().astimezone():%H:%M:%S}"


def _bind(port: int) -> socket.socket:
    try:
        return socket.create_server((_HOST, port))
    except OSError as error:
        raise Problem(
            f"port {port} of {_HOST} cannot be used: {os.strerror(error.errno or 0)}; choose another with --port"
        ) from error
