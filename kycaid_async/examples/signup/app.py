"""A sign-up with a passport, on FastAPI and SQLAlchemy, that survives the death of its process at any step.

``POST /signups`` takes a person's data and a scan, ``GET /signups/{id}`` tells how far it came, ``POST /kycaid`` takes
KYCAID's callbacks. Run it with ``uvicorn app:app``; the settings are environment variables, see `Settings`.
"""

import asyncio
import logging
import os
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import attrs
from fastapi import BackgroundTasks, Depends, FastAPI, Form, HTTPException, Request, UploadFile
from models import Base, Signup
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from steps import LostClaimError, Steps

from kycaid_async import AsyncKycaid, KycaidError
from kycaid_async.callbacks import Deduplicator, Event, VerificationCompleted
from kycaid_async.callbacks.sqlalchemy import SQLAlchemySeenStore
from kycaid_async.web.fastapi import CallbackRouter, kycaid_event, kycaid_lifespan, kycaid_problem

logger = logging.getLogger("signup")


@attrs.frozen
class Settings:
    """Settings from the environment. ``KYCAID_API_KEY`` and ``KYCAID_BASE_URL`` are read by the client."""

    api_key: str = attrs.field(factory=lambda: os.environ["KYCAID_API_KEY"], repr=False)
    form_id: str = attrs.field(factory=lambda: os.environ["KYCAID_FORM_ID"])
    database: str = attrs.field(factory=lambda: os.environ.get("DATABASE_URL", "sqlite+aiosqlite:///signups.db"))
    lease: float = attrs.field(factory=lambda: float(os.environ.get("SIGNUP_LEASE", "120")))
    settle_after: float = attrs.field(factory=lambda: float(os.environ.get("SIGNUP_SETTLE_AFTER", "900")))
    sweep: float = attrs.field(factory=lambda: float(os.environ.get("SIGNUP_SWEEP", "30")))


settings = Settings()


def make_engine() -> AsyncEngine:
    """Return the engine. SQLite lets one process write at a time: the others wait for it."""
    waits: dict[str, Any] = {"timeout": 30} if settings.database.startswith("sqlite") else {}
    return create_async_engine(
        settings.database, connect_args=waits, hide_parameters=True
    )  # in errors: they are personal


engine = make_engine()
sessions = async_sessionmaker(engine, expire_on_commit=False)
seen = SQLAlchemySeenStore(engine, metadata=Base.metadata)  # its table is created with the others


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep a client, and take up what other workers left, as long as the application runs."""
    await create_tables()
    client = AsyncKycaid()
    steps = app.state.steps = Steps(client, sessions, settings.form_id, settings.lease, settings.settle_after)
    async with kycaid_lifespan(app, client):
        sweeping = asyncio.create_task(sweep(steps))
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
    await engine.dispose()


async def create_tables() -> None:
    """Create the tables that are missing. Where another worker makes one at the same moment, look again."""
    for tries_left in reversed(range(10)):
        try:
            async with engine.begin() as connection:
                await connection.run_sync(Base.metadata.create_all)
        except DBAPIError:
            if not tries_left:
                raise
        else:
            return


async def sweep(steps: Steps) -> None:
    """Take up unfinished sign-ups now and then."""
    while True:
        try:
            for signup_id in await steps.unfinished():
                await begin(steps, signup_id)
        except SQLAlchemyError as error:  # a database that is busy, or away for a moment
            logger.warning("sign-ups have to wait: %s", type(error).__name__)
        await asyncio.sleep(settings.sweep)


async def begin(steps: Steps, signup_id: str) -> None:
    """Take a sign-up as far as it goes at once. What fails is taken up again by a sweep."""
    try:
        await steps.take_further(signup_id)
    except KycaidError as error:
        logger.warning("a sign-up has to wait: %s", error)  # such a text holds no personal data
    except LostClaimError:
        logger.warning("a sign-up was taken over, because it took longer than its lease")


def steps_of(request: Request) -> Steps:
    """Return the steps of the application: a dependency."""
    steps: Steps = request.app.state.steps
    return steps


app = FastAPI(lifespan=lifespan, exception_handlers={KycaidError: kycaid_problem})
callbacks = CallbackRouter(settings.api_key, deduplicator=Deduplicator(seen))


@app.post("/signups", status_code=202)
async def sign_up(
    first_name: Annotated[str, Form()],
    last_name: Annotated[str, Form()],
    dob: Annotated[str, Form()],
    passport: UploadFile,
    steps: Annotated[Steps, Depends(steps_of)],
    tasks: BackgroundTasks,
) -> dict[str, str]:
    """Keep a sign-up, and begin with it after the answer: a process that dies then leaves it to the next sweep."""
    scan = await passport.read()
    signup = Signup(id=str(uuid.uuid4()), first_name=first_name, last_name=last_name, dob=dob, scan=scan)
    async with sessions.begin() as session:
        session.add(signup)
    tasks.add_task(begin, steps, signup.id)
    return {"id": signup.id}


@app.get("/signups/{signup_id}")
async def show(signup_id: str) -> dict[str, Any]:
    """Tell how far a sign-up came."""
    async with sessions() as session:
        signup = await session.get(Signup, signup_id)
    if signup is None:
        raise HTTPException(404)
    return {"state": signup.state, "reasons": signup.reasons}


@callbacks.post("/kycaid")
async def receive(event: Annotated[Event, Depends(kycaid_event)], steps: Annotated[Steps, Depends(steps_of)]) -> None:
    """Write the verdict of a finished verification. Ask KYCAID for it: a callback may be an old one, sent again."""
    if not isinstance(event, VerificationCompleted) or event.external_applicant_id is None:
        return
    async with sessions() as session:
        signup = await session.get(Signup, event.external_applicant_id)
    if signup is None:
        return
    # It may be faster than our own note of the verification, or tell of one whose start was never answered.
    verification_id = signup.verification_id or event.verification_id
    if verification_id is None:
        return
    verification = await steps.client.verifications.get(verification_id)
    if verification.applicant_id in (None, signup.applicant_id):
        await steps.decide(signup.id, verification)


app.include_router(callbacks)
