"""What the database knows of each sign-up."""

from sqlalchemy import JSON, Double, LargeBinary, String
from sqlalchemy.orm import DeclarativeBase, Mapped, deferred, mapped_column


class Base(DeclarativeBase):
    """The tables of this application."""


class Signup(Base):
    """A person who signs up, and how far their verification came.

    Each id of KYCAID's is written as soon as it is known. ``verifying_since`` is written before a verification is
    started, which takes a fee: whoever finds it without ``verification_id`` asks KYCAID first.
    """

    __tablename__ = "signups"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)  # KYCAID's external_applicant_id, too
    state: Mapped[str] = mapped_column(String(10), default="open", index=True)
    """``open``, ``waiting`` for the verdict, and the ends.

    ``passed``, ``declined``, ``refused`` by KYCAID for good, so that there is no verdict, or ``unclear``: perhaps a
    verification was started, and KYCAID does not tell which. ``attend.py`` is for the last two.
    """
    first_name: Mapped[str] = mapped_column(String(100))
    last_name: Mapped[str] = mapped_column(String(100))
    dob: Mapped[str] = mapped_column(String(10))
    scan: Mapped[bytes | None] = deferred(mapped_column(LargeBinary))  # deleted when KYCAID has it

    applicant_id: Mapped[str | None] = mapped_column(String(64))
    file_id: Mapped[str | None] = mapped_column(String(64))
    document_id: Mapped[str | None] = mapped_column(String(64))
    verifying_since: Mapped[float | None] = mapped_column(Double)  # seconds since 1970
    verification_id: Mapped[str | None] = mapped_column(String(64))
    reasons: Mapped[list[str]] = mapped_column(JSON, default=list)  # of a verdict; of a refusal its fields
    problem: Mapped[str] = mapped_column(String(1000), default="")  # for the operator; nothing personal

    worker: Mapped[str | None] = mapped_column(String(32))  # who takes it further at the moment
    lease_until: Mapped[float] = mapped_column(Double, default=0.0)  # and until when, in seconds since 1970
