"""FastAPI: a client per application, events beside dependencies of one's own, and errors as problems."""

from contextlib import asynccontextmanager
from typing import Annotated

import httpx
import pytest
from fastapi import Depends, FastAPI, HTTPException, Request, Response

from kycaid_async import AsyncKycaid, ConfigurationError, KycaidError
from kycaid_async.callbacks import Deduplicator, Event, VerificationCompleted
from kycaid_async.sandbox import Sandbox
from kycaid_async.testing import signed_callback
from kycaid_async.web.fastapi import CallbackRouter, kycaid_client, kycaid_event, kycaid_lifespan, kycaid_problem
from tests.callbacks.messages import COMPLETED, KEY


def database():
    yield "a session"


def callback_app(handle, **options):
    app, router = FastAPI(exception_handlers={KycaidError: kycaid_problem}), CallbackRouter(KEY, **options)

    @router.post("/kycaid")
    async def receive(
        event: Annotated[Event, Depends(kycaid_event)], request: Request, db: Annotated[str, Depends(database)]
    ):
        return handle(event, await request.body(), db)

    app.include_router(router)
    return app


async def post(app, callback, **headers):
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.post("/kycaid", content=callback.body, headers=callback.headers | headers)


async def test_a_handler_gets_the_event_beside_its_own_dependencies_and_can_still_read_the_body():
    seen = []
    app, callback = callback_app(lambda *arguments: seen.append(arguments)), signed_callback(COMPLETED, KEY)
    assert (await post(app, callback)).status_code == 200
    ((event, body, db),) = seen
    assert (type(event), body, db) == (VerificationCompleted, callback.body, "a session")


async def test_what_is_not_signed_is_refused_and_not_handled():
    app = callback_app(lambda *_: pytest.fail("it is not signed"))
    assert (await post(app, signed_callback(COMPLETED, KEY[::-1]))).status_code == 401
    assert (await post(callback_app(print, max_body=10), signed_callback(COMPLETED, KEY))).status_code == 413


async def test_a_repetition_is_answered_and_not_handled_again():
    seen = []
    app = callback_app(lambda event, *_: seen.append(event) or {"my": "answer"}, deduplicator=Deduplicator())
    answers = [(await post(app, signed_callback(COMPLETED, KEY))).json() for _ in range(2)]
    assert answers == [{"my": "answer"}, {"status": "duplicate"}]
    assert len(seen) == 1


def fail(how):
    if how == "answers 503":
        return Response(status_code=503)
    raise {"raises": ValueError("no"), "raises a status": HTTPException(503)}[how]


@pytest.mark.parametrize("how", ["raises", "raises a status", "answers 503"])
async def test_an_event_that_was_not_handled_is_let_through_again(how):
    seen = []

    def handle(event, *_):
        seen.append(event)
        return fail(how) if len(seen) == 1 else None

    app = callback_app(handle, deduplicator=Deduplicator())
    statuses = [(await post(app, signed_callback(COMPLETED, KEY))).status_code for _ in range(3)]
    assert statuses == [500 if how == "raises" else 503, 200, 200]
    assert len(seen) == 2


def test_a_router_without_a_usable_key_is_refused():
    with pytest.raises(ConfigurationError):
        CallbackRouter("")


def client_app(lifespan):
    app = FastAPI(lifespan=lifespan, exception_handlers={KycaidError: kycaid_problem})

    @app.post("/applicants/{applicant_id}")
    async def update(applicant_id: str, client: Annotated[AsyncKycaid, Depends(kycaid_client)]):
        return await client.applicants.update(applicant_id, first_name="Canary")

    return app


async def call(app, applicant):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
        return await http.post(f"/applicants/{applicant}")


async def test_one_client_serves_the_application_and_is_closed_with_it():
    async with Sandbox() as sandbox:
        client = AsyncKycaid(sandbox.api_key, base_url=sandbox.url)

        @asynccontextmanager
        async def lifespan(app):
            async with kycaid_lifespan(app, client):
                yield

        app = client_app(lifespan)
        async with app.router.lifespan_context(app):
            known = await client.applicants.create(type="PERSON", first_name="John", last_name="Snow")
            assert (await call(app, known)).status_code == 200
            refused = await call(app, "0" * 36)
        assert refused.status_code == 404
        assert refused.headers["content-type"] == "application/problem+json"
        assert refused.json()["operation"] == "applicants.update"
        assert not {"Canary", "0" * 36} & set(refused.text.split('"'))
        with pytest.raises(ConfigurationError, match="closed"):
            await client.applicants.get(known)


async def test_the_settings_of_the_environment_make_the_client(monkeypatch):
    monkeypatch.setenv("KYCAID_API_KEY", KEY)
    app = client_app(kycaid_lifespan)
    async with app.router.lifespan_context(app):
        assert isinstance(app.state.kycaid, AsyncKycaid)


async def test_a_dependency_that_nobody_provides_for_says_what_to_do():
    assert (await call(client_app(None), "0" * 36)).status_code == 500
    app = FastAPI()
    app.post("/kycaid", dependencies=[Depends(kycaid_event)])(lambda: None)
    with pytest.raises(ConfigurationError, match="CallbackRouter"):
        await httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test").post("/kycaid")
