"""Every model of the package."""

from collections.abc import Iterator

import kycaid_async
from kycaid_async import callbacks
from kycaid_async.values.fields import fields_of
from kycaid_async.values.model import Model, Request, Response


def _all() -> Iterator[type[Model]]:
    for home in (kycaid_async, callbacks):
        for name in home.__all__:
            value = getattr(home, name)
            if isinstance(value, type) and issubclass(value, Model):
                yield value


MODELS = sorted(set(_all()), key=lambda cls: cls.__name__)
REQUESTS = [cls for cls in MODELS if issubclass(cls, Request)]
RESPONSES = [cls for cls in MODELS if issubclass(cls, Response)]
DISTINCT = list({(cls.__mro__[1], *(f.name for f in fields_of(cls))): cls for cls in MODELS}.values())
"""One of those that have the same fields and the same base, as kinds of documents do."""
