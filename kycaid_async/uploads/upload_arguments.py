"""Arguments of uploads, as users give them: read in a way that refuses by name what is none."""

import operator
import os
from collections.abc import Callable
from typing import Any

from kycaid_async.errors import FieldProblem, InvalidFileError
from kycaid_async.values.mismatch import kind


def filename_of(value: Any) -> str:
    """Return the file name in an argument; of a path, its last part. Raises `InvalidFileError`."""
    if isinstance(value, os.PathLike):
        return os.path.basename(path_of(value, "filename"))  # noqa: PTH119 - of any path, also one that is no Path
    return text_of("filename", value, "text or a path")


def text_of(name: str, value: Any, expected: str = "text") -> str:
    """Return the text in the argument ``name``. Raises `InvalidFileError`."""
    if isinstance(value, str):
        return value
    raise _refused(FieldProblem(name, expected, kind(value)))


def path_of(value: Any, name: str = "source") -> str:
    """Return the text of the path in the argument ``name``. Raises `InvalidFileError`.

    Some paths are made of bytes, such as those of ``os.scandir(b"…")``.
    """
    path, failure = tried(lambda: os.fsdecode(value))
    if failure:
        problem = FieldProblem(name, "a path with a text", f"a {kind_of(value)} without ({failure})")
        raise _refused(problem, file=f"({kind_of(value)})")
    return str(path)


def bytes_of(value: bytes | bytearray | memoryview) -> bytes:
    """Return the bytes in an argument. Raises `InvalidFileError` for those that were let go of."""
    content, failure = tried(lambda: bytes(value))
    if failure:
        raise unreadable(value, failure)
    return bytes(content)


def size_of(value: Any) -> int:
    """Return the number of bytes that a factory gives. Raises `InvalidFileError`."""
    expected = "the number of bytes that the factory gives"
    if value is None:
        text = "size: a factory needs the number of bytes it will give; pass size=…"
        raise _refused(FieldProblem("size", expected, "none"), text, file="(factory)")
    size, failure = tried(lambda: operator.index(value))
    if failure or isinstance(value, bool):
        problem = FieldProblem("size", f"{expected}, a whole number", f"a {kind_of(value)}")
        raise _refused(problem, file="(factory)")
    if size < 0:
        raise _refused(FieldProblem("size", expected, "a number below 0"), file="(factory)")
    return int(size)


def unreadable(value: object, failure: str) -> InvalidFileError:
    """Return the error for a source that fails when it is looked at."""
    name = kind_of(value)
    return InvalidFileError(f"cannot upload a {name}: it cannot be read ({failure})", file=f"({name})")


def _refused(problem: FieldProblem, text: str = "", *, file: str | None = None) -> InvalidFileError:
    return InvalidFileError(text or str(problem), file=file, problems=[problem])


def tried(look: Callable[[], Any]) -> tuple[Any, str]:
    """Return what ``look`` returns, and the name of what it raises: an object of a user can raise anything.

    The error itself stays here, for what is personal may stand in it.
    """
    try:
        return look(), ""
    except Exception as error:  # noqa: BLE001 - as above
        return None, type(error).__name__


def has(value: object, name: str) -> bool:
    """Say whether ``value`` has a method of this name."""
    return callable(tried(lambda: getattr(value, name, None))[0])


def kind_of(value: object) -> str:
    """Return the name of the type of ``value``, with its module: ``zipfile.Path`` is no path of the file system."""
    module, name = type(value).__module__, type(value).__qualname__
    return name if module == "builtins" else f"{module}.{name}"
