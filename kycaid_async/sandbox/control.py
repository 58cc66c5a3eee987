"""Control of a running sandbox besides requests: by a test, by a dashboard."""

import functools
from collections.abc import Iterable

import attrs
from anyio import to_thread

from kycaid_async.masking import ValueObject
from kycaid_async.sandbox import overview
from kycaid_async.sandbox.data.account import FORMS, MAX_BALANCE, FormSwitches, is_balance
from kycaid_async.sandbox.events.feed import CallbackTarget, Delivery, StateChanged, Watch
from kycaid_async.sandbox.overview import ApplicantRow, DocumentRow, VerificationRow
from kycaid_async.sandbox.review.background import BackgroundWork
from kycaid_async.sandbox.review.reviewer import Reviewer
from kycaid_async.sandbox.rules.verdict import Kind, Reason, ReviewOutcome, Verdict
from kycaid_async.sandbox.state import SandboxState
from kycaid_async.sandbox.storage.folder import remove_files
from kycaid_async.sandbox.storage.unit_of_work import UnitOfWork


@attrs.frozen(eq=False, repr=False)
class Control(ValueObject):
    """Acts on a sandbox from its own event loop."""

    _state: SandboxState
    _reviewer: Reviewer
    _background: BackgroundWork

    def next_outcome(self, verdict: Verdict, *reasons: Reason, of: Kind = "verification") -> None:
        """Decide about the next verification, or document, that is created without a header ``x-sandbox-outcome``.

        ``next_outcome("decline", "EXPIRED_DOCUMENT", "OTHER")``; ``"approve"``; ``"pending"`` leaves it as it is until
        `decide`. Called again it decides about the one after that. Raises `ValueError` for reasons that do not exist,
        and for reasons of anything but a decline. A decline without reasons is for OTHER.
        """
        self._state.script.add(of, ReviewOutcome.of(verdict, reasons))

    async def decide(
        self, id_: str, *, approve: bool, reasons: Iterable[Reason] = (), comment: str | None = None
    ) -> None:
        """Decide about a document or a verification, as a person does; also about one that was decided before.

        Documents of a verification that wait for a person are decided with it. A callback is sent for a verification.
        Raises `KeyError` for an unknown id, and `ValueError` for a form that nobody completed, for unknown reasons, and
        for reasons of an approval. A decline without reasons is for OTHER.
        """
        outcome = ReviewOutcome.of("approve" if approve else "decline", reasons)
        await self._state.run(
            lambda unit: self._background.finisher.decide(unit, id_, outcome, comment), then=self._background.carry_out
        )

    async def applicants(self, *, search: str = "", offset: int = 0, count: int = 50) -> list[ApplicantRow]:
        """Return applicants, newest first: all, or those that a search finds.

        It finds the beginnings of names, e-mail addresses and external ids, and of ids of applicants, their documents
        and their verifications. Of several words all have to be found.
        """
        find = functools.partial(overview.applicants, search=search, offset=offset, count=count)
        return await self._state.look(find)

    async def documents(
        self, *, offset: int = 0, count: int = 50, applicant_id: str | None = None
    ) -> list[DocumentRow]:
        """Return documents with their files, newest first: all, or those of one applicant. Due ones are reviewed."""
        find = functools.partial(overview.documents, offset=offset, count=count, owner=applicant_id)
        documents = await self._state.look(find)
        if not (new := [row.document_id for row in documents if row.status == "new" and not row.waits_for_person]):
            return documents
        await self._reviewer.review_due(new)
        return await self._state.look(find)

    async def verifications(
        self, *, search: str = "", offset: int = 0, count: int = 50, applicant_id: str | None = None
    ) -> list[VerificationRow]:
        """Return verifications, newest first: all, or those of one applicant. Due ones are ended.

        Those of applicants that a ``search`` finds, where there is one; see `Sandbox.applicants`.
        """
        await self._background.finish_due(None if applicant_id is None else [applicant_id])
        find = functools.partial(
            overview.verifications, search=search, offset=offset, count=count, applicant_id=applicant_id
        )
        return await self._state.look(find)

    async def form_switches(self) -> dict[str, FormSwitches]:
        """Return the switches of each form by its id."""
        return await self._state.look(lambda unit: {form.id: unit.forms.switches(form.id) for form in FORMS})

    async def switch_form(
        self,
        form_id: str,
        *,
        applicant_in_callback: bool | None = None,
        status_callback: bool | None = None,
        test_mode: bool | None = None,
    ) -> None:
        """Set switches of a form; those that are None stay as they are. Raises `KeyError` for an unknown form.

        * ``applicant_in_callback``: whether VERIFICATION_COMPLETED holds the applicant.
        * ``status_callback``: whether VERIFICATION_STATUS_CHANGED is sent.
        * ``test_mode``: whether its verifications are free.
        """
        if form_id not in {form.id for form in FORMS}:
            raise KeyError(form_id)
        given = {
            "applicant_in_callback": applicant_in_callback,
            "status_callback": status_callback,
            "test_mode": test_mode,
        }
        changes = {name: value for name, value in given.items() if value is not None}
        await self._state.run(
            lambda unit: unit.forms.switch(form_id, attrs.evolve(unit.forms.switches(form_id), **changes))
        )

    async def balance(self) -> float | None:
        """Return how many euros are left; None for an account that never runs out."""
        return await self._state.look(lambda unit: unit.account.balance())

    async def set_balance(self, euros: float | None) -> None:
        """Set how many euros are left; None for an account that never runs out.

        Raises `ValueError` for less than 0 and more than a million millions.
        """
        if not is_balance(euros):
            raise ValueError(f"a balance is a number of euros from 0 to {MAX_BALANCE}")
        await self._state.run(lambda unit: unit.account.set_balance(euros))

    async def resend(self, delivery: Delivery | str) -> None:
        """Send a callback again with the same body: a delivery, or its ``request_id``. Raises `KeyError`."""
        await self._background.dispatcher.send_again(delivery if isinstance(delivery, str) else delivery.request_id)

    async def reset(self) -> None:
        """Remove everything: applicants, files, verifications, callbacks, money, switches of forms, outcomes to come.

        Callbacks and verifications that are under way are dropped. Options and faults stay.
        """
        await self._background.forget()
        settings, folder = self._state.settings, self._state.folder

        def clear(unit: UnitOfWork) -> list[str]:
            stored = unit.clear()
            unit.account.open(settings.balance)
            return stored

        stored = await self._state.run(clear)
        self._state.script.clear()
        self._state.feed.requests.clear()
        await to_thread.run_sync(remove_files, folder, stored)
        self._state.feed.publish([StateChanged(kind="applicants", id="")])

    @property
    def receiver(self) -> CallbackTarget:
        """The application that gets all callbacks, if there is one."""
        return self._state.receiver

    def watch(self) -> Watch:
        """Return the feed of events from now on: ``with sandbox.watch() as events: async for event in events``."""
        return self._state.feed.watch()
