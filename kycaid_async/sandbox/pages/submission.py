"""Forms as browsers send them: the hosted form with its files, and the plain fields of an action.

The files of a hosted form lie on disk until they are kept.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

import attrs
from aiohttp import BodyPartReader, web

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox.http.refusals import Refused, bad_request, too_large
from kycaid_async.sandbox.http.uploads import ReceivedFile, multipart, new_file, reading, save, skip

_MAX_TEXT: Final = 4096
_MAX_PARTS: Final = 64
_MAX_FIELDS: Final = 200
_OVERHEAD: Final = 1 << 18


@attrs.frozen(eq=False, repr=False)
class FormSubmission(ValueObject):
    """The answers of a person, and what could not be taken of them."""

    texts: dict[str, str] = attrs.field(factory=dict, repr=False)
    files: dict[str, ReceivedFile] = attrs.field(factory=dict, repr=False)
    faults: dict[str, str] = attrs.field(factory=dict)
    """What to tell the person, by the name of the input."""


@attrs.frozen(eq=False, repr=False)
class FormReader(ValueObject):
    """Reads forms with these inputs for files."""

    folder: Path
    limit: int
    """The largest file, in bytes."""
    file_inputs: Collection[str]

    @asynccontextmanager
    async def read(self, request: web.Request) -> AsyncIterator[FormSubmission]:
        """Read a form. Of its files only those that are kept stay. Refuses what is no form with 400, or 413."""
        if request.content_type != "multipart/form-data":
            raise bad_request()
        if (request.content_length or 0) > self._most:
            raise too_large()
        submission = FormSubmission()
        async with AsyncExitStack() as stack:
            with reading():
                await self._read(request, submission, stack)
            yield submission

    @property
    def _most(self) -> int:
        # One file may be too large and is told so; a body that is larger than all of them together is not read.
        return (len(self.file_inputs) + 1) * self.limit + _OVERHEAD

    async def _read(self, request: web.Request, submission: FormSubmission, stack: AsyncExitStack) -> None:
        parts = multipart(request, self._most)
        count = 0
        while (part := await parts.next()) is not None:
            count += 1
            if count > _MAX_PARTS or not isinstance(part, BodyPartReader):
                raise bad_request()
            name = part.name or ""
            if name in {**submission.texts, **submission.files, **submission.faults}:
                raise bad_request()
            if name in self.file_inputs:
                await self._take_file(part, name, submission, stack)
            elif part.filename is None:
                submission.texts[name] = await _text(part)
            else:
                await skip(part)

    async def _take_file(
        self, part: BodyPartReader, name: str, submission: FormSubmission, stack: AsyncExitStack
    ) -> None:
        if not part.filename:
            # So a browser sends an input that nothing was picked for.
            await skip(part)
            return
        async with AsyncExitStack() as its_own:
            file = await its_own.enter_async_context(new_file(self.folder))
            try:
                await save(part, file, self.limit)
            except Refused:
                submission.faults[name] = f"This file is larger than {self.limit / (1 << 20):g} MB."
            else:
                submission.files[name] = file
                stack.push_async_exit(its_own.pop_all())
        if name in submission.faults:
            # Only now: of a file that is too large nothing stays while the rest of it is read.
            await skip(part, self._most)


async def _text(part: BodyPartReader) -> str:
    raw = b""
    while not part.at_eof():
        raw += await part.read_chunk(_MAX_TEXT)
        if len(raw) > _MAX_TEXT:
            raise bad_request()
    return raw.decode("utf-8", "replace").strip()


@attrs.frozen(eq=False, repr=False)
class FormFields(ValueObject):
    """The fields of a plain form."""

    _values: dict[str, list[str]] = attrs.field(repr=False)

    def one(self, name: str) -> str:
        """Return the value of a field; nothing where it is missing."""
        return self.all(name)[0]

    def all(self, name: str) -> list[str]:
        """Return all values of a field; one empty text where there are none."""
        return self._values.get(name) or [""]


async def read_fields(request: web.Request) -> FormFields:
    """Read the body of a plain form. Refuses anything else with 400."""
    if request.content_type != "application/x-www-form-urlencoded":
        raise bad_request()
    text = (await request.read()).decode("utf-8", "replace")
    try:
        return FormFields(parse_qs(text, max_num_fields=_MAX_FIELDS))
    except ValueError:
        raise bad_request() from None
