"""Django: callbacks as a view, the clients with the project's settings, a table of seen callbacks, the command line.

::

    INSTALLED_APPS = [..., "kycaid_async.web.django"]  # for the table and for ``manage.py kycaid``
    MIDDLEWARE = [..., "kycaid_async.web.django.KycaidProblems"]  # errors of KYCAID as problem+json
    KYCAID = {"API_KEY": os.environ["KYCAID_API_KEY"], "TIMEOUT": 10}

    urlpatterns = [path("kycaid", callback_view(handle, API_KEY, deduplicator=Deduplicator(DjangoSeenStore())))]

`callback_view` and the clients need no entry in ``INSTALLED_APPS``.
"""

from kycaid_async.web.django.clients import async_kycaid_client, kycaid_client
from kycaid_async.web.django.views import KycaidProblems, callback_view

__all__ = ["KycaidProblems", "async_kycaid_client", "callback_view", "kycaid_client"]
