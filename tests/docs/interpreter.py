"""Runs blocks of Python one after the other, as cells of a notebook: names stay, and ``await`` may stand anywhere.

Reads a JSON list of place and text a line; after each block it prints `END`. What a block raises ends it.
"""

import ast
import asyncio
import inspect
import json
import sys
import types

END = "\x00end of block"


def main() -> None:
    """Run what comes."""
    module = sys.modules["__main__"] = types.ModuleType("__main__")
    with asyncio.Runner() as runner:
        for line in sys.stdin:
            place, text = json.loads(line)
            code = compile(text, place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
            done = eval(code, module.__dict__)  # noqa: S307 - the blocks are ours
            if inspect.iscoroutine(done):
                runner.run(done)
            print(END, flush=True)


if __name__ == "__main__":
    main()
