"""Sign-ups that came to no verdict: ``python attend.py`` lists them, with KYCAID's applicant and why, for an operator.

* ``python attend.py again ID…`` takes them up again where they stopped: what was wrong is mended, or the dashboard of
  KYCAID shows no verification of the applicant. A verification that is started takes a fee.
* ``python attend.py found ID VERIFICATION_ID`` notes the verification that the dashboard shows.
"""

import asyncio
import sys
from typing import Any

from app import engine, sessions
from models import Signup
from sqlalchemy import select, update

is_stopped = Signup.state.in_(["refused", "unclear"])


async def attend(words: list[str]) -> None:
    """Do what the words of the command line say."""
    match words:
        case []:
            async with sessions() as session:
                for signup in await session.scalars(select(Signup).where(is_stopped)):
                    print(signup.id, signup.state, signup.applicant_id or "-", signup.problem)
        case ["again", *ids] if ids:
            await take_up(ids, state="open", verifying_since=None)
        case ["found", signup_id, verification_id]:
            await take_up([signup_id], state="waiting", verification_id=verification_id)
        case _:
            sys.exit(__doc__)
    await engine.dispose()


async def take_up(ids: list[str], **values: Any) -> None:
    """Let the next sweep of a worker go on with sign-ups that stopped."""
    stopped = update(Signup).where(Signup.id.in_(ids), is_stopped).values(problem="", reasons=[], **values)
    async with sessions.begin() as session:
        count = (await session.execute(stopped)).rowcount  # type: ignore[attr-defined]  # of an UPDATE there is one
    print(f"{count} of {len(ids)} are taken up again")


asyncio.run(attend(sys.argv[1:]))
