"""``manage.py kycaid``: the command line of this package, with the settings of the project."""

import importlib
import os
import runpy
import sys
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand

from kycaid_async.errors import ConfigurationError
from kycaid_async.transport.settings import allow_http_of
from kycaid_async.web.lazy_client import check_options, client_options

_WHERE: Final = "settings.KYCAID"


class Command(BaseCommand):  # type: ignore[misc]  # Django has no types
    """The command ``kycaid``."""

    help = "Run the command `kycaid` with the key and the server of settings.KYCAID: manage.py kycaid --help"
    requires_system_checks: Any = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand on all arguments as they are."""
        given = getattr(settings, "KYCAID", {})
        try:
            check_options(given, _WHERE)
        except ConfigurationError as error:
            self.stderr.write(f"kycaid: {error.message}")
            sys.exit(2)
        self._hand_on(client_options(given, _WHERE))
        del given
        sys.argv = ["manage.py kycaid", *argv[2:]]
        runpy.run_module("kycaid_async.cli", run_name="__main__")

    def _hand_on(self, options: dict[str, Any]) -> None:
        """Put options over the environment, where no other program sees them: arguments stand in lists of processes."""
        for name in ("api_key", "base_url"):
            if options.get(name):
                os.environ[f"KYCAID_{name.upper()}"] = options[name]
        if options.get("allow_http") is not None:
            os.environ["KYCAID_ALLOW_HTTP"] = ",".join(allow_http_of(options["allow_http"]))
        if options.get("api_key"):
            os.environ.pop("KYCAID_KEYRING", None)
            # Not imported above, as in `run_from_argv`: this room does not stand on that one.
            importlib.import_module("kycaid_async.cli.credentials").key_source.set(_WHERE)
