"""Callbacks in web frameworks, each in a module: ``aiohttp``, ``starlette``, ``fastapi``, ``django`` and ``flask``.

All of them check the signature over the raw body, call your handler with the event, and answer

* 200 when the handler is done, and for a repetition that a `Deduplicator` knows, without calling it;
* 500, through the framework, when the handler raises: KYCAID then sends the callback again;
* 401 when the signature is missing or wrong, 400 when the body cannot be read, 413 when it is too large;
* 500 when a middleware read the body before, 411 when a WSGI server withholds what comes in chunks, 415 when aiohttp
  unpacked it before anybody could verify it. The log says what to do.

A handler is a function or a coroutine function that takes the event. It runs to its end before the answer is sent, so
that nothing is lost when it fails. How long KYCAID waits is not published: work that takes long belongs into a queue,
and the handler only fills it. Work that goes on after the answer is not sent again when it fails.
"""
