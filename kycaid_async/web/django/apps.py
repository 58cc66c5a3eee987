"""The application of Django for ``INSTALLED_APPS``."""

from django.apps import AppConfig


class KycaidConfig(AppConfig):  # type: ignore[misc]  # Django has no types
    """Brings the table of seen callbacks, the command ``manage.py kycaid``, and a check of the settings."""

    name = "kycaid_async.web.django"
    label = "kycaid"
    verbose_name = "KYCAID"

    def ready(self) -> None:
        from django.core.checks import register

        from kycaid_async.web.django.clients import check_settings

        register(check_settings)
