"""Every model that an answer is made of, for tests that go over all of them."""

import importlib
import pkgutil
from collections.abc import Iterator

from kycaid_async import api
from kycaid_async.values.model import Response


def models() -> Iterator[type[Response]]:
    """Return each public response model of each section, once."""
    for module in pkgutil.walk_packages(api.__path__, f"{api.__name__}."):
        home = importlib.import_module(module.name)
        for name, found in vars(home).items():
            own = isinstance(found, type) and issubclass(found, Response) and found.__module__ == home.__name__
            if own and not name.startswith("_"):
                yield found


ANSWERS = sorted(models(), key=lambda model: model.__name__)
