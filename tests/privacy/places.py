"""Where marks may stand: the whole list. Everywhere else there is none."""

from typing import Final

import attrs

from tests.privacy import shown
from tests.security.marks import Marks

IDS: Final = frozenset({"ident"})
_KEYS: Final = frozenset({"secret"})
_ALL: Final = frozenset(Marks.NAMES)
_WORDS: Final = frozenset({"word"})
_OF_ERRORS: Final = (
    *("error, str", "error, attributes", "error, traceback", "error, rich.inspect", "error, rich.traceback"),
    *("log", "variables in the log", "sentry", "variables in sentry", "spans"),
)
_WITH_VARIABLES: Final = (
    *("variables in the log", "variables in sentry", "error, traceback", "error, rich.traceback"),
)
_OF_A_HANDLER: Final = tuple(
    f"{place} of {handler}" for place in _WITH_VARIABLES for handler in ("a handler", "a handler that prints")
)
HEADINGS: Final = ("place", "what may stand there", "why")


@attrs.frozen
class Place:
    """One place, as the README names it, and what of it the passages look at."""

    name: str
    what: str
    why: str
    looked_at: tuple[str, ...] = ()
    """Names of places that passages look at. None where they do not look, since it is all there."""
    marks: frozenset[str] = frozenset()


PLACES: Final = (
    Place("your own variables, and what you pass on", "all of it", "a `Person` prints `***`, plain text prints itself"),
    Place(
        "`error.body`, `error.errors`, `error.file`, `response.raw`, `response.extra`, `event.raw`, `model.show()`, "
        "`to_dict()`, and pickles of these",
        "what the server or you said; of a page that repeats the API key, that too",
        "they are there to be asked for; nothing prints or lists them",
        ("pickle", "error, pickle with what was said"),
        _ALL,
    ),
    Place(
        "`repr` of models",
        "ids, and codes of one word",
        "to tell objects apart",
        (*(way for way in shown.VALUES if way != "pickle"), "pytest, compared"),
        IDS | _WORDS,
    ),
    Place(
        "texts of errors, and where these are logged or sent",
        "names: of operations, fields and files, of keys that no model has, of columns of manifests; codes of KYCAID's "
        "that nobody knows, where they are one word that begins with a small letter",
        "to find what is to be mended; all other keys and codes show as `***`",
        tuple(f"{place} of 422 in words" for place in _OF_ERRORS),
        _WORDS,
    ),
    Place(
        "variables of attrs, where a field of a frozen object is set",
        "the value that was to be set",
        "attrs refuses it, before anything of this package runs",
    ),
    Place(
        "variables of your handlers of callbacks, where a crash reporter or a log prints variables",
        "what `repr` shows of an event: ids, and codes of one word",
        "a handler has the event, and so have the frames of the framework that called it",
        (*_OF_A_HANDLER, "standard streams of a handler that prints"),
        IDS,
    ),
    Place(
        "the log of asyncio in its debug mode",
        "the first bytes of an answer that is no HTTP at all",
        "asyncio writes down aiohttp's error, which quotes them",
        ("log of no HTTP", "variables in the log of no HTTP", "sentry of no HTTP", "variables in sentry of no HTTP"),
        frozenset({"answer"}),
    ),
    Place(
        "variables of aiohttp's own server, where the sandbox runs in your process",
        "the requests that it is sent, with its key",
        "a server has what it is sent; with `kycaid sandbox` it is another process",
    ),
    Place("a pickle of a client", "the API key", "it is for workers of yours, which need it"),
    Place(
        "Sentry's and others' tracers of aiohttp's sessions",
        "URLs, with ids and queries",
        "they are told each URL; `disabled_integrations=[AioHttpIntegration()]`",
    ),
    Place(
        "Sentry's integrations of web frameworks",
        "bodies of callbacks",
        'they send the request to your view; `max_request_body_size="never"`',
    ),
    Place("the manifest and its files, and files of rejects", "the rows", "yours", ("file people.rejects.csv",), _ALL),
    Place(
        "tables of `results` and `audit`",
        "your keys of rows, remarks of KYCAID's people",
        "to be read beside your own data; for you alone to read",
        ("file verdicts.csv", "file audit.csv"),
        _KEYS | {"answer"},
    ),
    Place(
        "reports, `--json` and the lines of `kycaid upload`, `verify`, `results` and `audit`",
        "your keys of rows, where rows have one",
        "to find the row; nothing else of it",
        ("file page.html", "terminal"),
        _KEYS,
    ),
    Place("what `kycaid applicants get` and its like print", "the answer", "it was asked for"),
    Place(
        "`ps` and the history of your shell",
        "what you type as options, such as `--first-name`",
        "give `--json @FILE` or `--json -` instead; the key is never an option",
    ),
    Place(
        "the folder of a sandbox (`--data`), its pages and its callbacks",
        "all that was sent to it",
        "it is a KYCAID, for made-up data",
        ("file a sandbox", "guesses from a sandbox"),
        _ALL,
    ),
    Place("recordings of `kycaid_async.testing`", "bodies, without the key", "they are for your tests"),
    Place("memory, core dumps, a debugger", "all that is being sent, and the key", "nothing can be sent otherwise"),
)

ALLOWED: Final = {name: place.marks for place in PLACES for name in place.looked_at}


def as_markdown() -> str:
    """Return the list as the README has it."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *((place.name, place.what, place.why) for place in PLACES)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"
