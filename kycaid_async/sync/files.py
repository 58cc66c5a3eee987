"""``client.files`` of the blocking client: the one section whose methods take more than their twins."""

from kycaid_async.api import files
from kycaid_async.sync.blocking import Blocking, BlockingSource, blocking, documented_as
from kycaid_async.tracebacks import border


class Files(Blocking):
    """The images, PDFs and videos that documents refer to. Reference: *Files*.

    A source can also be a function that returns a new plain iterator of bytes at each call. Both run in the calling
    thread.
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
            call = self._handle.new_call()
            wrapped = call.wrap_source(source)
            upload = files.Files.create(self._target, wrapped, filename=filename, content_type=content_type, size=size)
            del source, wrapped, filename
            return call.run(upload)

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
            call = self._handle.new_call()
            wrapped, options = call.wrap_source(source), {"filename": filename, "content_type": content_type}
            upload = files.Files.replace(self._target, file_id, wrapped, **options, size=size)
            del source, wrapped, filename, options
            return call.run(upload)

    get = blocking(files.Files.get)
    delete = blocking(files.Files.delete)
