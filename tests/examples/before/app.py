"""The sign-up of `kycaid_async/examples/signup` without `kycaid_async.web` and `kycaid_async.callbacks`.

The signature, the events, the claim of a callback by one of several workers, and errors as problems are by hand.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import logging
import os
import secrets
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import attrs
from fastapi import BackgroundTasks, Depends, FastAPI, Form, HTTPException, Request, UploadFile
from fastapi.responses import JSONResponse
from models import Base, Signup
from sqlalchemy import Double, String, delete, or_, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlalchemy.orm import Mapped, mapped_column
from steps import LostClaimError, Steps

from kycaid_async import AsyncKycaid, KycaidError, RateLimitError

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

WEEK, LEASE, MAX_BODY = 7 * 86400.0, 60.0, 1024 * 1024


class Seen(Base):
    """A callback, while it is handled and after that."""

    __tablename__ = "seen"

    identity: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str | None] = mapped_column(String(32))
    until: Mapped[float] = mapped_column(Double, index=True)


async def is_seen(identity: str) -> bool:
    """Say whether a callback was handled."""
    async with sessions() as session:
        row = await session.get(Seen, identity)
    return row is not None and row.holder is None and row.until > time.time()


async def claim(identity: str, holder: str) -> bool:
    """Let one worker handle a callback, and another one if that dies."""
    now = time.time()
    free = or_(Seen.holder == holder, Seen.until <= now)
    change = update(Seen).where(Seen.identity == identity, free).values(holder=holder, until=now + LEASE)
    async with sessions.begin() as session:
        if (await session.execute(change)).rowcount:
            return True
    try:
        async with sessions.begin() as session:
            session.add(Seen(identity=identity, holder=holder, until=now + LEASE))
    except IntegrityError:
        return False
    return True


async def renew(identity: str, holder: str) -> None:
    """Keep a claim for as long as the handler runs."""
    while True:
        await asyncio.sleep(LEASE / 3)
        await claim(identity, holder)


async def finish(identity: str, *, done: bool) -> None:
    """End a claim, and forget what is old."""
    async with sessions.begin() as session:
        if done:
            values = {"holder": None, "until": time.time() + WEEK}
            await session.execute(update(Seen).where(Seen.identity == identity).values(**values))
            await session.execute(delete(Seen).where(Seen.until < time.time()))
        else:
            await session.execute(delete(Seen).where(Seen.identity == identity))


async def body_of(request: Request) -> bytes:
    """Return the body of a callback whose signature is right."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise HTTPException(413)
    digest = hmac.new(settings.api_key.encode(), base64.b64encode(body), hashlib.sha512).hexdigest()
    if not hmac.compare_digest(digest, request.headers.get("x-data-integrity", "")):
        raise HTTPException(401)
    return bytes(body)


async def problem(_request: Request, error: Exception) -> JSONResponse:
    """Answer with an error of KYCAID as a problem, without personal data."""
    retryable = isinstance(error, KycaidError) and error.retryable
    operation = error.operation if isinstance(error, KycaidError) else None
    status = 503 if retryable else 502
    content = {"title": type(error).__name__, "status": status, "operation": operation}
    after = str(int(error.retry_after)) if isinstance(error, RateLimitError) and error.retry_after else None
    headers = {"Retry-After": after} if after else {}
    return JSONResponse(content, status, headers, media_type="application/problem+json")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep a client, and take up what other workers left, as long as the application runs."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    client = AsyncKycaid()
    steps = app.state.steps = Steps(client, sessions, settings.form_id, settings.lease, settings.settle_after)
    async with client:
        sweeping = asyncio.create_task(sweep(steps))
        try:
            yield
        finally:
            sweeping.cancel()
            await asyncio.gather(sweeping, return_exceptions=True)
    await engine.dispose()


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


app = FastAPI(lifespan=lifespan, exception_handlers={KycaidError: problem})


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


@app.post("/kycaid")
async def receive(request: Request, steps: Annotated[Steps, Depends(steps_of)]) -> dict[str, str]:
    """Handle a callback once, whichever workers get it."""
    body = await body_of(request)
    identity, holder = hashlib.sha256(body).hexdigest(), secrets.token_hex(16)
    while not await claim(identity, holder):
        if await is_seen(identity):
            return {"status": "duplicate"}
        await asyncio.sleep(0.1)
    renewing = asyncio.create_task(renew(identity, holder))
    try:
        await handle(body, steps)
    except BaseException:
        await finish(identity, done=False)
        raise
    finally:
        renewing.cancel()
    await finish(identity, done=True)
    return {"status": "ok"}


async def handle(body: bytes, steps: Steps) -> None:
    """Write the verdict of a finished verification. Ask KYCAID for it: a callback may be an old one, sent again."""
    try:
        event = json.loads(body)
    except ValueError:
        raise HTTPException(400) from None
    if not isinstance(event, dict) or event.get("type") != "VERIFICATION_COMPLETED":
        return
    applicant = event.get("applicant") if isinstance(event.get("applicant"), dict) else {}
    external = event.get("external_applicant_id") or applicant.get("external_applicant_id")
    if external is None:
        return
    async with sessions() as session:
        signup = await session.get(Signup, str(external))
    if signup is None:
        return
    verification_id = signup.verification_id or event.get("verification_id")
    if verification_id is None:
        return
    verification = await steps.client.verifications.get(verification_id)
    if verification.applicant_id in (None, signup.applicant_id):
        await steps.decide(signup.id, verification)
