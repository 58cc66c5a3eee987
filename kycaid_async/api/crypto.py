"""Crypto: risk checks of wallets and transactions. Reference: *Crypto*."""

from collections.abc import Awaitable
from typing import Annotated

from kycaid_async.api.section import Section
from kycaid_async.api.services import ServiceRequest
from kycaid_async.protocol.endpoint import Endpoint, Evidence, Replay, ReturnsData
from kycaid_async.tracebacks import confidential
from kycaid_async.values.constraints import Url
from kycaid_async.values.fields import Shown
from kycaid_async.values.model import Request, request
from kycaid_async.values.unset import UNSET, Maybe


@request
class CryptoAddressCheck(Request):
    """A wallet to check. Two clients send all three keys; their limits are not known."""

    hash: str
    """The address of the wallet. Not the hash of a transaction, despite the vendor's name."""
    asset: Annotated[str, Shown]
    """A ticker, such as ``ETH``."""
    callback_url: Url
    """Where the result is sent."""


@request
class CryptoTransactionCheck(Request):
    """A transaction to check. Inferred from the check of a wallet."""

    hash: Maybe[str] = UNSET
    asset: Maybe[Annotated[str, Shown]] = UNSET
    callback_url: Maybe[Url] = UNSET


CHECK_ADDRESS = Endpoint(
    name="crypto.check_address",
    method="POST",
    path="/services/crypto/address-verification",
    accepts=(CryptoAddressCheck,),
    returns=ReturnsData(ServiceRequest, needed=True),
    replay=Replay.BILLED,
    evidence=Evidence.OBSERVED,
    reference="Crypto",
    refusals=(400, 401, 402, 422, 429, 500, 502),
)
CHECK_TRANSACTION = Endpoint(
    name="crypto.check_transaction",
    method="POST",
    path="/services/crypto/transaction-verification",
    accepts=(CryptoTransactionCheck,),
    returns=ReturnsData(ServiceRequest, needed=True),
    replay=Replay.BILLED,
    evidence=Evidence.INFERRED,
    refusals=(400, 401, 402, 404, 422, 429, 500, 502),
)
ENDPOINTS = (CHECK_ADDRESS, CHECK_TRANSACTION)


class Crypto(Section):
    """Risk checks of wallets and transactions. Reference: *Crypto*."""

    @confidential
    def check_address(self, address: str, *, asset: str, callback_url: str) -> Awaitable[ServiceRequest]:
        """Ask for the risk of a wallet and return the id of the request. Reference: *Crypto*.

        ``asset`` is a ticker, such as ``ETH``. The result comes as a SERVICE_RESULT callback to ``callback_url``; there
        is no way to ask for it. It is paid: a lost answer is never repeated, and the error says ``maybe_processed``.

        Raises `InvalidRequestError` before anything is sent, `InsufficientFundsError`, and the errors of a call.
        """
        body = CryptoAddressCheck(hash=address, asset=asset, callback_url=callback_url)
        return self._call(CHECK_ADDRESS, body=body)

    @confidential
    def check_transaction(self, transaction_hash: str, *, asset: str, callback_url: str) -> Awaitable[ServiceRequest]:
        """Ask for the risk of a transaction and return the id of the request. Inferred: its path is a guess.

        That the service exists is known from its callbacks. Takes and raises what `check_address` does.
        """
        body = CryptoTransactionCheck(hash=transaction_hash, asset=asset, callback_url=callback_url)
        return self._call(CHECK_TRANSACTION, body=body)
