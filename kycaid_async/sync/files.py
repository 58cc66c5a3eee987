"""The section of files of the blocking client. It is not derived: it takes plain iterators, too."""

from typing import cast

from kycaid_async.api import files
from kycaid_async.sync.blocking import Blocking, blocking, documented_as
from kycaid_async.tracebacks import border
from kycaid_async.uploads.sources import BlockingSource


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
            wrapped, options = call.wrap_source(source), {"filename": filename, "content_type": content_type}
            call.of(type(self._target).create, self._target, wrapped, **options, size=size)
            del source, wrapped, filename, options
            return cast("str", call.run())

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
            call.of(type(self._target).replace, self._target, file_id, wrapped, **options, size=size)
            del source, wrapped, filename, options
            return cast("str", call.run())

    get = blocking(files.Files.get)
    delete = blocking(files.Files.delete)
