"""A form as it was filled in: read from a multipart body, its files on disk until they are kept."""

from collections.abc import AsyncIterator, Collection
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import attrs
from aiohttp import BodyPartReader, web

from kycaid_async.sandbox.http.refusals import Refused, bad_request, too_large
from kycaid_async.sandbox.http.uploads import Received, multipart, new_file, reading, save, skip

_MAX_TEXT: Final = 4096
_MAX_PARTS: Final = 64
_OVERHEAD: Final = 1 << 18


@attrs.frozen
class Filled:
    """What was entered, and what could not be taken."""

    texts: dict[str, str] = attrs.field(factory=dict, repr=False)
    files: dict[str, Received] = attrs.field(factory=dict, repr=False)
    faults: dict[str, str] = attrs.field(factory=dict)
    """What to tell the person, by the name of the input."""


@attrs.frozen
class FormReader:
    """Reads forms with these inputs for files."""

    folder: Path
    limit: int
    """The largest file, in bytes."""
    file_inputs: Collection[str]

    @asynccontextmanager
    async def read(self, request: web.Request) -> AsyncIterator[Filled]:
        """Read a form. Of its files only those that are kept stay. Refuses what is no form with 400, or 413."""
        if request.content_type != "multipart/form-data":
            raise bad_request()
        if (request.content_length or 0) > self._most:
            raise too_large()
        filled = Filled()
        async with AsyncExitStack() as stack:
            with reading():
                await self._read(request, filled, stack)
            yield filled

    @property
    def _most(self) -> int:
        # One file may be too large and is told so; a body that is larger than all of them together is not read.
        return (len(self.file_inputs) + 1) * self.limit + _OVERHEAD

    async def _read(self, request: web.Request, filled: Filled, stack: AsyncExitStack) -> None:
        parts = multipart(request, self._most)
        count = 0
        while (part := await parts.next()) is not None:
            count += 1
            if count > _MAX_PARTS or not isinstance(part, BodyPartReader):
                raise bad_request()
            name = part.name or ""
            if name in {**filled.texts, **filled.files, **filled.faults}:
                raise bad_request()
            if name in self.file_inputs:
                await self._take_file(part, name, filled, stack)
            elif part.filename is None:
                filled.texts[name] = await _text(part)
            else:
                await skip(part)

    async def _take_file(self, part: BodyPartReader, name: str, filled: Filled, stack: AsyncExitStack) -> None:
        if not part.filename:
            # So a browser sends an input that nothing was picked for.
            await skip(part)
            return
        async with AsyncExitStack() as its_own:
            file = await its_own.enter_async_context(new_file(self.folder))
            try:
                await save(part, file, self.limit)
            except Refused:
                filled.faults[name] = f"This file is larger than {self.limit / (1 << 20):g} MB."
            else:
                filled.files[name] = file
                stack.push_async_exit(its_own.pop_all())
        if name in filled.faults:
            # Only now: of a file that is too large nothing stays while the rest of it is read.
            await skip(part, self._most)


async def _text(part: BodyPartReader) -> str:
    raw = b""
    while not part.at_eof():
        raw += await part.read_chunk(_MAX_TEXT)
        if len(raw) > _MAX_TEXT:
            raise bad_request()
    return raw.decode("utf-8", "replace").strip()
