"""Files: what is known of each. The content lies in the folder."""

from kycaid_async.sandbox.storage.repository import Repository


class FileRepository(Repository):
    """Uploaded files."""

    table = "files"

    def stored_names(self) -> set[str]:
        """Return under what names the contents lie in the folder."""
        return {row["stored_as"] for row in self._db.rows("SELECT stored_as FROM files")}
