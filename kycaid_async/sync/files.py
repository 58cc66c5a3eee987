"""``client.files`` of the blocking client: the one section whose methods take more than their twins."""

from kycaid_async.api import files
from kycaid_async.sync.blocking import Blocking, BlockingSource, blocking, documented_as
from kycaid_async.tracebacks import border


class Files(Blocking):
    """The images, PDFs and videos that documents refer to. Reference: *Files*.

    What is uploaded can also come from a function that returns a new plain iterator of bytes at each call. Both run in
    the thread of the call.
    """

    @documented_as(files.Files.create)
    def create(
        self,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str:
        with border:
            call = self._link.enter()
            lent = call.lend(source)
            made = files.Files.create(self._target, lent, filename=filename, content_type=content_type, size=size)
            del source, lent, filename
            return call.run(made)

    @documented_as(files.Files.replace)
    def replace(
        self,
        file_id: str,
        source: BlockingSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> str:
        with border:
            call = self._link.enter()
            lent, options = call.lend(source), {"filename": filename, "content_type": content_type}
            made = files.Files.replace(self._target, file_id, lent, **options, size=size)
            del source, lent, filename, options
            return call.run(made)

    get = blocking(files.Files.get)
    delete = blocking(files.Files.delete)
