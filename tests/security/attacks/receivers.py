"""Each framework hands over what was signed with one of the keys, and nothing else."""

import logging
import random

from tests.security.attacks.signatures import BODY, CHANGES, KEY, signature
from tests.security.outcome import Outcome
from tests.web.frameworks import SITES

NAME = "Callbacks with wrong signatures, keys and encodings, through each framework"


async def attack(chance: random.Random, cases: int) -> Outcome:
    outcome = Outcome()
    logging.getLogger("django.request").setLevel(logging.CRITICAL)  # it writes a line for each
    for name, site_of in SITES.items():
        handled: list[object] = []
        async with site_of(handled.append, [KEY, f"{KEY}-before"]) as site:
            before = outcome.tried
            while outcome.tried < before + cases * 2:
                await _try(outcome, chance, name, site, handled)
            good = await site.deliver(BODY, signature(BODY, KEY))
        outcome.count((good.status, len(handled)) == (200, 1), f"{name}: a good one was refused")
    return outcome


async def _try(outcome: Outcome, chance: random.Random, name: str, site, handled: list[object]) -> None:
    """Send a callback that was changed, as far as a client can send it at all."""
    words, change = chance.choice(CHANGES)
    body, given = change(chance, BODY, signature(BODY, KEY))
    given = given.decode() if isinstance(given, bytes) else given
    same = isinstance(given, str) and (body, given.strip()) == (BODY, signature(BODY, KEY))
    if same or isinstance(given, list):
        return
    try:
        status = (await site.deliver(body, given)).status
    except (ValueError, AttributeError):  # no header can hold it
        status = 0
    held = status != 200 and not handled
    handled.clear()
    outcome.count(held, f"{name}, {words}: {body!r} with {given!r} was answered {status}")
