"""What was sent, and what came of it: a file that a run goes on from, wherever the one before it was cut off."""

from kycaid_async.bulk.ledger.file import Owner, Path
from kycaid_async.bulk.ledger.ledger import ApplicantEntry, Ledger, RowEntry, Sent, State

__all__ = ["ApplicantEntry", "Ledger", "Owner", "Path", "RowEntry", "Sent", "State"]
