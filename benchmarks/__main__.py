"""Run all benchmarks, one after the other."""

import asyncio

from benchmarks import calls, decode, sandbox, uploads

for benchmark in (decode, calls, uploads, sandbox):
    asyncio.run(benchmark.main())
