"""The SQL of a shared ledger: its tables, and one statement for each kind of work, for any number of entries."""

import re
from collections.abc import Mapping
from typing import Final

import attrs

MIGRATIONS: Final = {
    1: (
        "CREATE SEQUENCE kycaid_owner_numbers",
        (
            "CREATE TABLE kycaid_owners (number BIGINT PRIMARY KEY, lease DOUBLE PRECISION NOT NULL, "
            "expires TIMESTAMPTZ NOT NULL, dead BOOLEAN NOT NULL DEFAULT FALSE)"
        ),
        "CREATE TABLE kycaid_claims (name BYTEA PRIMARY KEY, owner BIGINT NOT NULL)",
        "CREATE INDEX kycaid_claims_of_owners ON kycaid_claims (owner)",
        (
            "CREATE TABLE kycaid_rows (digest BYTEA PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT NOT NULL, "
            "intent TEXT NOT NULL, document_id TEXT, code TEXT, fingerprint BYTEA, owner BIGINT NOT NULL, "
            "at TIMESTAMPTZ NOT NULL)"
        ),
        "CREATE INDEX kycaid_rows_of_applicants ON kycaid_rows (applicant_id, digest)",
        "CREATE UNIQUE INDEX kycaid_documents ON kycaid_rows (document_id) WHERE document_id IS NOT NULL",
        "CREATE TABLE kycaid_files (digest BYTEA PRIMARY KEY, file_id TEXT NOT NULL)",
        (
            "CREATE TABLE kycaid_applicants (digest BYTEA PRIMARY KEY, state TEXT NOT NULL, applicant_id TEXT, "
            "code TEXT, fingerprint BYTEA NOT NULL, owner BIGINT NOT NULL, at TIMESTAMPTZ NOT NULL)"
        ),
        "CREATE UNIQUE INDEX kycaid_applicants_made ON kycaid_applicants (applicant_id) WHERE applicant_id IS NOT NULL",
    ),
    2: (
        (
            "CREATE TABLE kycaid_verifications (digest BYTEA PRIMARY KEY, state TEXT NOT NULL, "
            "applicant_id TEXT NOT NULL, form_id TEXT, verification_id TEXT, code TEXT, count_before BIGINT, "
            "intended_at TEXT NOT NULL, status TEXT, verdict TEXT, result TEXT, looked_at TEXT, owner BIGINT NOT NULL, "
            "at TIMESTAMPTZ NOT NULL)"
        ),
        "CREATE INDEX kycaid_verifications_of_applicants ON kycaid_verifications (lower(applicant_id))",
        (
            "CREATE UNIQUE INDEX kycaid_verifications_started ON kycaid_verifications (verification_id) "
            "WHERE verification_id IS NOT NULL"
        ),
        "CREATE INDEX kycaid_verifications_open ON kycaid_verifications (digest) WHERE verdict IS NULL",
    ),
}
"""What brings a ledger from each version to the next, in one transaction."""
NEWEST: Final = max(MIGRATIONS)

LOCK: Final = "SELECT pg_advisory_xact_lock(712490331845)"
"""One process at a time makes or changes the tables."""
ABOUT: Final = "CREATE TABLE IF NOT EXISTS kycaid_about (name TEXT PRIMARY KEY, value TEXT NOT NULL)"
HAS_ABOUT: Final = "SELECT to_regclass('kycaid_about') IS NOT NULL"
READ_ABOUT: Final = "SELECT name, value FROM kycaid_about"
SET_ABOUT: Final = (
    "INSERT INTO kycaid_about (name, value) VALUES (:name, :value) ON CONFLICT (name) DO UPDATE SET value = :value"
)

SESSION: Final = (
    "SELECT set_config('idle_in_transaction_session_timeout', :idle, FALSE), "
    "set_config('application_name', 'kycaid_async', FALSE), "
    "set_config('default_transaction_isolation', 'read committed', FALSE), "
    "set_config('enable_seqscan', 'off', FALSE), set_config('jit', 'off', FALSE)"
)
"""A process that stops within a transaction must not keep others from declaring it dead. And a look behind a claim in
the same transaction must show what was committed until the claim was had. All of its statements find entries by their
keys; but one that is prepared while a table is small would go on to read all of it when it is large. Where nothing but
that can be done, it costs so much by PostgreSQL's count that it would compile the statement first."""
BEGIN_OWNER: Final = (
    "INSERT INTO kycaid_owners (number, lease, expires) SELECT nextval('kycaid_owner_numbers'), :lease, "
    "clock_timestamp() + make_interval(secs => :lease) RETURNING number"
)
RENEW: Final = (
    "UPDATE kycaid_owners SET expires = clock_timestamp() + make_interval(secs => :lease) "
    "WHERE number = :me AND NOT dead RETURNING number"
)
"""The first statement of each transaction that writes: it holds the lease until all of it is committed."""
DECLARE_DEAD: Final = (
    "UPDATE kycaid_owners SET dead = TRUE WHERE number IN (SELECT number FROM kycaid_owners WHERE NOT dead "
    "AND expires < clock_timestamp() AND pg_postmaster_start_time() < clock_timestamp() - make_interval(secs => lease) "
    "FOR UPDATE SKIP LOCKED)"
)
"""Who was held up by the database itself gets the time of a lease to come back."""
FORGET_DEAD: Final = (
    "DELETE FROM kycaid_owners o WHERE dead AND expires < clock_timestamp() - INTERVAL '1 day' "
    "AND NOT EXISTS (SELECT 1 FROM kycaid_claims c WHERE c.owner = o.number)"
)
END_CLAIMS: Final = "DELETE FROM kycaid_claims WHERE owner = :me"
END_OWNER: Final = "DELETE FROM kycaid_owners WHERE number = :me AND NOT dead"

PAGE_OF_ROWS: Final = (
    "SELECT r.digest, r.state, r.applicant_id, r.intent, r.document_id, r.code, r.fingerprint, "
    "CAST(0 AS DOUBLE PRECISION) FROM kycaid_rows r "
    "WHERE (r.applicant_id, r.digest) > (:applicant_id, :digest) ORDER BY r.applicant_id, r.digest LIMIT :most"
)

PAGE_OF_APPLICANTS: Final = (
    "SELECT applicant_id FROM kycaid_rows WHERE applicant_id > :applicant_id "
    "UNION SELECT applicant_id FROM kycaid_verifications WHERE applicant_id > :applicant_id "
    "ORDER BY applicant_id LIMIT :most"
)


@attrs.frozen(kw_only=True)
class Statement:
    """A statement for many entries: its parameters are arrays, and the first of them says which entry is meant."""

    sql: str
    names: tuple[str, ...]
    phase: int = 0
    """Its place: what is recorded comes before what is intended, claims after that, and last what is read."""
    reads: bool = False
    is_fact: bool = False
    """True for what an owner still knows for sure when its lease is over, and which changes no entry but its own."""


_PARTS: Final = {
    # Seconds since it was sent at the latest: an owner that died may have sent it until its lease was over.
    "AGE": "CAST(EXTRACT(EPOCH FROM clock_timestamp() - GREATEST(r.at, CASE WHEN o.dead THEN o.expires END)) "
    "AS DOUBLE PRECISION)",
    "OWNED": "LEFT JOIN kycaid_owners o ON o.number = r.owner",
    "FREE_DOCUMENT": "NOT EXISTS (SELECT 1 FROM kycaid_rows x WHERE x.document_id = v.document_id "
    "AND x.digest <> v.digest)",
    "FREE_VERIFICATION": "NOT EXISTS (SELECT 1 FROM kycaid_verifications x "
    "WHERE x.verification_id = v.verification_id AND x.digest <> v.digest)",
    "ENTRY": "r.digest, r.state, r.applicant_id, r.form_id, r.verification_id, r.code, r.count_before, r.intended_at, "
    "r.status, r.verdict, r.result, r.looked_at",
    "FREE_APPLICANT": "NOT EXISTS (SELECT 1 FROM kycaid_applicants x WHERE x.applicant_id = v.applicant_id "
    "AND x.digest <> v.digest)",
}


def _sql(sql: str, parts: Mapping[str, str] = _PARTS) -> str:
    for name, part in parts.items():
        sql = re.sub(rf"\b{name}\b", lambda _, part=part: part, sql)  # type: ignore[misc]  # one of its own each
    return sql


def _with_entries(sql: str, types: Mapping[str, str]) -> str:
    arrays = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in types.items())
    return _sql(_sql(sql), {"ENTRIES": f"unnest({arrays}) AS v({', '.join(types)})"})


def _changes(sql: str, *, is_fact: bool = False, **types: str) -> Statement:
    return Statement(sql=_with_entries(sql, types), names=tuple(types), is_fact=is_fact)


def _intends(sql: str, **types: str) -> Statement:
    return Statement(sql=_with_entries(sql, types), names=tuple(types), phase=1)


def _reads(sql: str) -> Statement:
    return Statement(sql=_sql(sql), names=("key",), phase=5, reads=True)


CREATED_ROW: Final = _changes(
    "UPDATE kycaid_rows r SET state = 'created', document_id = v.document_id, code = NULL FROM ENTRIES "
    "WHERE r.digest = v.digest AND r.owner = :me AND (r.state = 'sent' OR r.document_id = v.document_id) AND "
    "FREE_DOCUMENT RETURNING r.digest",
    digest="bytea",
    document_id="text",
    is_fact=True,
)
CLAIM_ROW: Final = _changes(
    "UPDATE kycaid_rows r SET state = 'created', document_id = v.document_id, code = NULL, owner = :me FROM ENTRIES "
    "WHERE r.digest = v.digest AND (r.state = 'sent' OR r.document_id = v.document_id) AND "
    "FREE_DOCUMENT RETURNING r.digest",
    digest="bytea",
    document_id="text",
)
UNCERTAIN_ROW: Final = _changes(
    "UPDATE kycaid_rows r SET code = v.code FROM ENTRIES WHERE r.digest = v.digest AND r.state = 'sent' "
    "RETURNING r.digest",
    digest="bytea",
    code="text",
)
FAILED_ROW: Final = _changes(
    "INSERT INTO kycaid_rows AS r (digest, state, applicant_id, intent, code, owner, at) "
    "SELECT v.digest, 'failed', '', '', v.code, :me, clock_timestamp() FROM ENTRIES "
    "ON CONFLICT (digest) DO UPDATE SET state = 'failed', code = excluded.code WHERE r.state <> 'created' "
    "RETURNING r.digest",
    digest="bytea",
    code="text",
)
FORGET_ROW: Final = _changes(
    "DELETE FROM kycaid_rows r USING ENTRIES WHERE r.digest = v.digest AND r.owner = :me AND r.state = 'sent' "
    "RETURNING r.digest",
    digest="bytea",
    is_fact=True,
)
INTEND_ROW: Final = _intends(
    "INSERT INTO kycaid_rows AS r (digest, state, applicant_id, intent, fingerprint, owner, at) "
    "SELECT v.digest, 'sent', v.applicant_id, v.intent, v.fingerprint, :me, clock_timestamp() FROM ENTRIES "
    "ON CONFLICT (digest) DO UPDATE SET state = 'sent', applicant_id = excluded.applicant_id, "
    "intent = excluded.intent, document_id = NULL, code = NULL, fingerprint = excluded.fingerprint, owner = :me, "
    "at = clock_timestamp() WHERE r.state <> 'created' RETURNING r.digest",
    digest="bytea",
    applicant_id="text",
    intent="text",
    fingerprint="bytea",
)
ROW: Final = _reads(
    "SELECT r.digest, r.digest, r.state, r.applicant_id, r.intent, r.document_id, r.code, r.fingerprint, AGE "
    "FROM kycaid_rows r OWNED WHERE r.digest = ANY(CAST(:key AS bytea[]))"
)
ROWS_OF: Final = _reads(
    "SELECT r.applicant_id, r.digest, r.state, r.applicant_id, r.intent, r.document_id, r.code, r.fingerprint, AGE "
    "FROM kycaid_rows r OWNED WHERE r.applicant_id = ANY(CAST(:key AS text[]))"
)

UPLOADED: Final = _changes(
    "INSERT INTO kycaid_files AS f (digest, file_id) SELECT v.digest, v.file_id FROM ENTRIES "
    "ON CONFLICT (digest) DO UPDATE SET file_id = excluded.file_id RETURNING f.digest",
    digest="bytea",
    file_id="text",
)
FORGET_FILE: Final = _changes(
    "DELETE FROM kycaid_files f USING ENTRIES WHERE f.digest = v.digest AND f.file_id = v.file_id RETURNING f.digest",
    digest="bytea",
    file_id="text",
)
FILE: Final = _reads("SELECT digest, file_id FROM kycaid_files WHERE digest = ANY(CAST(:key AS bytea[]))")

INTEND_APPLICANT: Final = _intends(
    "INSERT INTO kycaid_applicants AS r (digest, state, fingerprint, owner, at) "
    "SELECT v.digest, 'sent', v.fingerprint, :me, clock_timestamp() FROM ENTRIES "
    "ON CONFLICT (digest) DO UPDATE SET state = 'sent', applicant_id = NULL, code = NULL, "
    "fingerprint = excluded.fingerprint, owner = :me, at = clock_timestamp() "
    "WHERE r.state <> 'created' RETURNING r.digest",
    digest="bytea",
    fingerprint="bytea",
)
CREATED_APPLICANT: Final = _changes(
    "UPDATE kycaid_applicants r SET state = 'created', applicant_id = v.applicant_id, code = NULL FROM ENTRIES "
    "WHERE r.digest = v.digest AND r.owner = :me AND (r.state = 'sent' OR r.applicant_id = v.applicant_id) AND "
    "FREE_APPLICANT RETURNING r.digest",
    digest="bytea",
    applicant_id="text",
    is_fact=True,
)
FAILED_APPLICANT: Final = _changes(
    "UPDATE kycaid_applicants r SET state = 'failed', code = v.code FROM ENTRIES "
    "WHERE r.digest = v.digest AND r.owner = :me AND r.state = 'sent' RETURNING r.digest",
    digest="bytea",
    code="text",
    is_fact=True,
)
APPLICANT: Final = _reads(
    "SELECT r.digest, r.state, r.applicant_id, r.code, r.fingerprint, AGE FROM kycaid_applicants r OWNED "
    "WHERE r.digest = ANY(CAST(:key AS bytea[]))"
)

VERIFICATION: Final = _reads(
    "SELECT r.digest, ENTRY, AGE FROM kycaid_verifications r OWNED WHERE r.digest = ANY(CAST(:key AS bytea[]))"
)
VERIFICATIONS_OF: Final = _reads(
    "SELECT lower(r.applicant_id), ENTRY, AGE FROM kycaid_verifications r OWNED "
    "WHERE lower(r.applicant_id) = ANY(CAST(:key AS text[]))"
)
VERIFICATION_BY_ID: Final = _reads(
    "SELECT r.verification_id, ENTRY, AGE FROM kycaid_verifications r OWNED "
    "WHERE r.verification_id = ANY(CAST(:key AS text[]))"
)
PAGE_OF_VERIFICATIONS: Final = _sql(
    "SELECT ENTRY, AGE FROM kycaid_verifications r OWNED WHERE r.digest > :digest AND WHICH "
    "ORDER BY r.digest LIMIT :most"
)
_OF_A_VERIFICATION: Final = {
    "digest": "bytea",
    "applicant_id": "text",
    "form_id": "text",
    "code": "text",
    "count_before": "bigint",
    "intended_at": "text",
}
INTEND_VERIFICATION: Final = _intends(
    "INSERT INTO kycaid_verifications AS r "
    "(digest, state, applicant_id, form_id, count_before, intended_at, owner, at) SELECT v.digest, 'sent', "
    "v.applicant_id, v.form_id, v.count_before, v.intended_at, :me, clock_timestamp() "
    "FROM ENTRIES ON CONFLICT (digest) DO UPDATE SET state = 'sent', applicant_id = excluded.applicant_id, "
    "form_id = excluded.form_id, verification_id = NULL, code = NULL, count_before = excluded.count_before, "
    "intended_at = excluded.intended_at, status = NULL, verdict = NULL, result = NULL, looked_at = NULL, owner = :me, "
    "at = clock_timestamp() WHERE r.state <> 'created' RETURNING r.digest",
    digest="bytea",
    applicant_id="text",
    form_id="text",
    count_before="bigint",
    intended_at="text",
)
CREATED_VERIFICATION: Final = _changes(
    "UPDATE kycaid_verifications r SET state = 'created', verification_id = v.verification_id, code = NULL "
    "FROM ENTRIES WHERE r.digest = v.digest AND r.owner = :me "
    "AND (r.state = 'sent' OR r.verification_id = v.verification_id) AND FREE_VERIFICATION RETURNING r.digest",
    digest="bytea",
    verification_id="text",
    is_fact=True,
)
CLAIM_VERIFICATION: Final = _changes(
    "UPDATE kycaid_verifications r SET state = 'created', verification_id = v.verification_id, code = NULL, "
    "owner = :me FROM ENTRIES WHERE r.digest = v.digest "
    "AND (r.state = 'sent' OR r.verification_id = v.verification_id) AND FREE_VERIFICATION RETURNING r.digest",
    digest="bytea",
    verification_id="text",
)
FAILED_VERIFICATION: Final = _changes(
    "INSERT INTO kycaid_verifications AS r "
    "(digest, state, applicant_id, form_id, code, count_before, intended_at, owner, at) "
    "SELECT v.digest, 'failed', v.applicant_id, v.form_id, v.code, v.count_before, v.intended_at, :me, "
    "clock_timestamp() FROM ENTRIES ON CONFLICT (digest) DO UPDATE SET state = 'failed', code = excluded.code "
    "WHERE r.state = 'failed' OR (r.state = 'sent' AND r.owner = :me) RETURNING r.digest",
    **_OF_A_VERIFICATION,
    is_fact=True,
)
RESTORE_VERIFICATION: Final = _changes(
    "INSERT INTO kycaid_verifications AS r "
    "(digest, state, applicant_id, form_id, code, count_before, intended_at, owner, at) "
    "SELECT v.digest, 'sent', v.applicant_id, v.form_id, v.code, v.count_before, v.intended_at, :me, "
    "clock_timestamp() - make_interval(secs => v.age) FROM ENTRIES ON CONFLICT (digest) DO UPDATE SET state = 'sent', "
    "code = excluded.code, count_before = excluded.count_before, intended_at = excluded.intended_at, "
    "at = excluded.at WHERE r.state <> 'created' AND r.owner = :me RETURNING r.digest",
    **_OF_A_VERIFICATION,
    age="double precision",
    is_fact=True,
)
UNCERTAIN_VERIFICATION: Final = _changes(
    "UPDATE kycaid_verifications r SET code = v.code FROM ENTRIES WHERE r.digest = v.digest AND r.state = 'sent' "
    "RETURNING r.digest",
    digest="bytea",
    code="text",
)
FORGET_VERIFICATION: Final = _changes(
    "DELETE FROM kycaid_verifications r USING ENTRIES WHERE r.digest = v.digest AND r.owner = :me "
    "AND r.state = 'sent' RETURNING r.digest",
    digest="bytea",
    is_fact=True,
)
RESULT: Final = _changes(
    "UPDATE kycaid_verifications r SET status = v.status, verdict = v.verdict, result = v.result, "
    "looked_at = v.looked_at FROM ENTRIES WHERE r.verification_id = v.verification_id RETURNING r.verification_id",
    verification_id="text",
    status="text",
    verdict="text",
    result="text",
    looked_at="text",
)

RELEASE: Final = Statement(
    sql="DELETE FROM kycaid_claims c USING (SELECT name FROM kycaid_claims "
    "WHERE name = ANY(CAST(:name AS bytea[])) ORDER BY name FOR UPDATE) v "
    "WHERE c.name = v.name AND c.owner + 0 = :me RETURNING c.name",  # + 0: not by the index of owners
    names=("name",),
    phase=3,
    is_fact=True,
)
CLAIM: Final = Statement(
    sql="INSERT INTO kycaid_claims AS c (name, owner) SELECT v.name, :me FROM "
    "(SELECT name FROM unnest(CAST(:name AS bytea[])) AS u(name) ORDER BY name) v "
    "ON CONFLICT (name) DO UPDATE SET owner = excluded.owner WHERE c.owner = excluded.owner "
    "OR EXISTS (SELECT 1 FROM kycaid_owners o WHERE o.number = c.owner AND o.dead) RETURNING c.name",
    names=("name",),
    phase=4,
)
"""All of them in one order, so that no two processes wait for each other."""
