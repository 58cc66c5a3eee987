"""Run all benchmarks, one after the other."""

import asyncio

from benchmarks import calls, decode, uploads

for benchmark in (decode, calls, uploads):
    asyncio.run(benchmark.main())
