"""What a program waits for at its start: the import, and all until the first answer. A fresh process each time."""

import json
import subprocess
import sys
from collections.abc import Mapping

from benchmarks.harness.alone import environment
from benchmarks.harness.answers import DOCUMENT_ID, KEY
from benchmarks.harness.case import Case, Plan
from benchmarks.harness.cores import CLIENTS
from benchmarks.harness.figures import at_most
from benchmarks.harness.report import Report, command, show
from benchmarks.harness.rounds import Comparison, Result
from benchmarks.harness.server import serving

USED = "from kycaid_async import AsyncKycaid"
WITH_MODELS = f"{USED}, CreditCard, Document"
IMPORTS = {
    "kycaid_async": "import kycaid_async",
    USED: USED,
    WITH_MODELS: WITH_MODELS,
    **{name: f"import {name}" for name in ("aiohttp", "requests", "httpx", "openai", "stripe")},
}

FIRST_CALLS = {
    "kycaid_async": """
import asyncio
from kycaid_async import AsyncKycaid
async def main():
    async with AsyncKycaid(KEY, base_url=URL) as client:
        await client.documents.get(ID)
asyncio.run(main())
""",
    "Kycaid": """
from kycaid_async import Kycaid
with Kycaid(KEY, base_url=URL) as client:
    client.documents.get(ID)
""",
    "aiohttp": """
import asyncio, json, aiohttp
async def main():
    async with aiohttp.ClientSession() as session, session.get(f"{URL}/documents/{ID}") as response:
        json.loads(await response.read())
asyncio.run(main())
""",
    "httpx": """
import asyncio, httpx
async def main():
    async with httpx.AsyncClient() as session:
        (await session.get(f"{URL}/documents/{ID}")).json()
asyncio.run(main())
""",
    "requests": """
import requests
requests.get(f"{URL}/documents/{ID}").json()
""",
    "openai": """
import asyncio, openai
async def main():
    async with openai.AsyncOpenAI(api_key=KEY, base_url=URL) as client:
        await client.get(f"/documents/{ID}", cast_to=object)
asyncio.run(main())
""",
    "stripe": """
import stripe
stripe.StripeClient(KEY, base_addresses={"api": URL}).raw_request("get", f"/documents/{ID}")
""",
}

_CHILD = """
import sys, os, json, time, resource
if cores := json.loads(sys.argv[4]): os.sched_setaffinity(0, cores)
def rss(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
program = compile(sys.argv[1], "program", "exec")
scope = {"__name__": "program", "URL": sys.argv[2], "KEY": sys.argv[3], "ID": sys.argv[5]}
memory, wall, cpu = rss(), time.perf_counter(), time.process_time()
try:
    exec(program, scope)
except ImportError as error:
    print(json.dumps({"missing": error.msg.partition(" (")[0]}))
else:
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"count": 1, "wall": wall, "cpu": cpu, "memory": rss() - memory} | dict.fromkeys(
        ("lag_p95", "lag_p99", "lag_max"), 0.0)))
"""


def _once(program: str, url: str) -> dict[str, float | str]:
    arguments = [program, url, KEY, json.dumps(CLIENTS), DOCUMENT_ID]
    done = subprocess.run(
        [sys.executable, "-c", _CHILD, *arguments], capture_output=True, text=True, check=False, env=environment()
    )
    if done.returncode:
        return {"failed": done.stderr.strip().rpartition("\n")[2]}
    said: dict[str, float | str] = json.loads(done.stdout)
    return said


def _compare(title: str, programs: Mapping[str, str], url: str, plan: Plan) -> Comparison:
    made = Comparison(Case(title=title))
    for peer, program in list(programs.items())[: 4 if plan.quick else None]:
        if made.takes(peer, _once(program, url)):  # and its bytecode is there from now on
            made.results[peer] = Result(peer)
    for number in range(plan.rounds):
        for peer in list(made.results)[:: -1 if number % 2 else 1]:
            made.takes(peer, _once(programs[peer], url))
    show(made)
    return made


def run(plan: Plan) -> Report:
    with serving() as server:
        imports = _compare("import", IMPORTS, server.url, plan)
        calls = _compare("import, a client and the first call", FIRST_CALLS, server.url, plan)
    figures = [
        at_most("import kycaid_async ÷ import aiohttp", imports.ratio("kycaid_async", "aiohttp"), 0.35, 0.20),
        at_most(f"{USED} ÷ import aiohttp", imports.ratio(USED, "aiohttp"), 0.5, 0.4),
        at_most("import, client and first call ÷ aiohttp's", calls.ratio("kycaid_async", "aiohttp"), 1.15),
        at_most("the same with Kycaid ÷ aiohttp's", calls.ratio("Kycaid", "aiohttp"), 1.4),
    ]
    return Report([imports, calls], figures)


if __name__ == "__main__":
    command("startup", run)
