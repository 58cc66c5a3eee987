"""``manage.py kycaid``: the command line of this package, with the settings of the project."""

import os
import runpy
import sys
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from kycaid_async.web.lazy_client import client_options


class Command(BaseCommand):  # type: ignore[misc]  # Django has no types
    """The command ``kycaid``."""

    help = "Run the command `kycaid` with the key and the server of settings.KYCAID: manage.py kycaid --help"
    requires_system_checks: Any = ()

    def run_from_argv(self, argv: list[str]) -> None:
        """Hand on all arguments as they are."""
        options = client_options(getattr(settings, "KYCAID", {}), "settings.KYCAID")
        # Over the environment, where no other program sees it: an argument stands in the list of processes.
        for name in ("api_key", "base_url"):
            if options.get(name):
                os.environ[f"KYCAID_{name.upper()}"] = options[name]
        del options
        sys.argv = ["manage.py kycaid", *argv[2:]]
        runpy.run_module("kycaid_async.cli", run_name="__main__")
