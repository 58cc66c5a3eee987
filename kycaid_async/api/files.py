"""Files: the images, PDFs and videos that documents refer to. Reference: *Files*."""

from collections.abc import Awaitable

from kycaid_async.api.section import Section, id_or
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsId, ReturnsModel
from kycaid_async.tracebacks import confidential
from kycaid_async.uploads.multipart import Upload
from kycaid_async.uploads.sources import UploadSource, source_of
from kycaid_async.uploads.upload_arguments import filename_of, text_of
from kycaid_async.values.fields import IdText
from kycaid_async.values.model import Response, response


@response
class FileInfo(Response):
    """Details of a file. No answer has ever been seen: look into ``raw``."""

    file_id: IdText | None = None


CREATE = Endpoint(
    name="files.create",
    method="POST",
    path="/files",
    returns=ReturnsId("file_id"),
    replay=Replay.DUPLICATES,
    evidence=Evidence.OBSERVED,
    reference="Files / Create a file",
    refusals=(400, 401, 413, 422, 429, 500, 502),
    uploads=True,
    orphans_only=True,
)
REPLACE = Endpoint(
    name="files.replace",
    method="PUT",
    path="/files/{file_id}",
    returns=ReturnsId("file_id", optional=True),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.OBSERVED,
    reference="Files / Update a file",
    refusals=(400, 401, 404, 409, 413, 422, 429, 500, 502),
    uploads=True,
)
GET = Endpoint(
    name="files.get",
    method="GET",
    path="/files/{file_id}",
    returns=ReturnsModel(FileInfo),
    replay=Replay.SAFE,
    evidence=Evidence.INFERRED,
    refusals=(401, 404, 429, 500, 502),
)
DELETE = Endpoint(
    name="files.delete",
    method="DELETE",
    path="/files/{file_id}",
    returns=ReturnsId("file_id", optional=True),
    replay=Replay.IDEMPOTENT,
    evidence=Evidence.INFERRED,
    refusals=(401, 404, 409, 500, 502),
)
ENDPOINTS = (CREATE, REPLACE, GET, DELETE)


class Files(Section):
    """The images, PDFs and videos that documents refer to. Reference: *Files*."""

    @confidential
    def create(
        self,
        source: UploadSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> Awaitable[str]:
        """Upload a file and return its id. Reference: *Files / Create a file*.

        ``source`` is a path, bytes, a seekable binary file (read from where it stands, never closed), or a function
        that returns a new async iterator of bytes at each call; the last needs ``size`` in bytes, and runs while the
        upload holds one of ``max_connections``. It is read anew for each attempt, a piece at a time. ``filename`` and
        ``content_type`` default to the source's name and to what its first bytes say.

        The file is looked at before a byte is sent: `InvalidFileError` names it when it is missing, empty, a directory,
        larger than the client's ``max_file_size``, or neither image, PDF nor video. A lost answer is repeated: at worst
        a file stays behind that no document refers to. Raises `UploadSourceError` when the source changes half-way,
        `FileRefusedError` when the server does not take it, and the errors of a call.
        """
        return self._call(CREATE, upload=_upload(source, filename, content_type, size))

    @confidential
    def replace(
        self,
        file_id: str,
        source: UploadSource,
        *,
        filename: str | None = None,
        content_type: str | None = None,
        size: int | None = None,
    ) -> Awaitable[str]:
        """Replace the content of a file and return its id. Reference: *Files / Update a file*.

        Takes and raises what `create` does. That the answer holds the id is inferred; without one it is the id given.
        """
        upload = _upload(source, filename, content_type, size)
        return id_or(file_id, self._call(REPLACE, path={"file_id": file_id}, upload=upload))

    @confidential
    def get(self, file_id: str) -> Awaitable[FileInfo]:
        """Return what the server says of a file. Inferred: this operation may not exist, and its answer is not known.

        Raises `NotFoundError`, and the errors of a call.
        """
        return self._call(GET, path={"file_id": file_id})

    @confidential
    def delete(self, file_id: str) -> Awaitable[str]:
        """Delete a file and return its id. Inferred: this operation may not exist.

        Said to be refused with `ConflictError` (``delete_denied``) while a document refers to the file.
        """
        return id_or(file_id, self._call(DELETE, path={"file_id": file_id}))


def _upload(source: UploadSource, filename: str | None, content_type: str | None, size: int | None) -> Upload:
    return Upload(
        source=source_of(source, size=size),
        filename=None if filename is None else filename_of(filename),
        content_type=None if content_type is None else text_of("content_type", content_type),
    )
