"""The table of `DjangoSeenStore`."""

from django.db import models


class SeenCallback(models.Model):  # type: ignore[misc]  # Django has no types
    """The identity of a callback, while it is handled and after that."""

    identity = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=32, null=True)  # noqa: DJ001 - who claims it; NULL once it was handled
    until = models.FloatField(db_index=True)  # seconds since 1970: when the claim, or the memory of it, is over

    class Meta:
        """Options of the model."""

        db_table = "kycaid_seen_callbacks"

    def __str__(self) -> str:
        return str(self.identity)
