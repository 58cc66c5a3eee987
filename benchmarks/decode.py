"""A document from JSON to an object, beside ``json.loads`` alone and cattrs as it comes."""

import asyncio
import json

import attrs
import cattrs

from benchmarks.measure import compare
from benchmarks.server import DOCUMENT
from kycaid_async import Document, structure

BODY = json.dumps(DOCUMENT).encode()
ROUNDS = 3000


async def main() -> None:
    types = {name: list[str] | None if isinstance(value, list) else str | None for name, value in DOCUMENT.items()}
    plain = attrs.make_class("Plain", {name: attrs.field(type=t, default=None) for name, t in types.items()})
    converter = cattrs.Converter()

    async def ours() -> None:
        for _ in range(ROUNDS):
            structure(json.loads(BODY), Document)

    async def bare() -> None:
        for _ in range(ROUNDS):
            json.loads(BODY)

    async def default() -> None:
        for _ in range(ROUNDS):
            converter.structure(json.loads(BODY), plain)

    for name, other in (("json.loads alone", bare), ("cattrs as it comes, without dates and enums", default)):
        wall, cpu = await compare(ours, other, rounds=9)
        print(f"decode a document ÷ {name}: wall {wall:.2f}, CPU {cpu:.2f}")


if __name__ == "__main__":
    asyncio.run(main())
