"""The tables of a sandbox, and how data of the version before become data of this one.

``portraits`` holds the digest of each file of a document that shows a person, in the order in which
`DocumentRepository.is_content_taken` looks for the first: one read, however many documents have the same picture.
"""

from typing import Final

from kycaid_async.api.documents.fields import DocumentStatus, DocumentType
from kycaid_async.sandbox.rules.case import IDENTITY, SELFIES

VERSION: Final = 5
KINDS: Final = ("applicants", "documents", "files", "addresses", "affiliated_persons", "verifications")
"""The tables of what an account holds, as `StateChanged.kind` names them."""
IN_JSON: Final = frozenset({"body", "reasons", "checks", "message", "types"})
"""The columns that hold JSON."""

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS applicants (
    id TEXT PRIMARY KEY, type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS addresses (
    id TEXT PRIMARY KEY, owner TEXT NOT NULL, owner_key TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL,
    created_at TEXT NOT NULL, current INTEGER NOT NULL DEFAULT 1, copy_of TEXT
);
CREATE INDEX IF NOT EXISTS addresses_owner ON addresses (owner);
CREATE TABLE IF NOT EXISTS affiliated_persons (
    id TEXT PRIMARY KEY, applicant_id TEXT NOT NULL, type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL,
    current INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS affiliated_persons_applicant ON affiliated_persons (applicant_id);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, mime_type TEXT NOT NULL, size INTEGER NOT NULL, sha256 TEXT NOT NULL,
    stored_as TEXT NOT NULL, created_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, owner_key TEXT NOT NULL,
    type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, document_number TEXT, card_number TEXT,
    status TEXT NOT NULL, reasons TEXT NOT NULL, changed_at REAL NOT NULL, version INTEGER NOT NULL,
    current INTEGER NOT NULL DEFAULT 1, outcome TEXT, comment TEXT
);
CREATE INDEX IF NOT EXISTS documents_owner ON documents (owner);
CREATE INDEX IF NOT EXISTS documents_new ON documents (status) WHERE status = 'new';
CREATE INDEX IF NOT EXISTS documents_number_holder ON documents (document_number, (status = 'valid') DESC, seq);
CREATE INDEX IF NOT EXISTS documents_card_holder ON documents (card_number, (status = 'valid') DESC, seq);
CREATE TABLE IF NOT EXISTS attachments (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, file_id TEXT NOT NULL REFERENCES files (id)
);
CREATE INDEX IF NOT EXISTS attachments_document ON attachments (document_id);
CREATE INDEX IF NOT EXISTS attachments_file ON attachments (file_id);
CREATE TABLE IF NOT EXISTS portraits (
    sha256 TEXT NOT NULL, is_accepted INTEGER NOT NULL,
    seq INTEGER NOT NULL REFERENCES documents (seq) ON DELETE CASCADE,
    PRIMARY KEY (sha256, is_accepted DESC, seq)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS portraits_document ON portraits (seq);
CREATE TABLE IF NOT EXISTS verifications (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, applicant_id TEXT, external_applicant_id TEXT, form_id TEXT,
    form_token TEXT, callback_url TEXT, status TEXT NOT NULL, verified INTEGER, checks TEXT NOT NULL,
    created_at TEXT NOT NULL, started_at REAL NOT NULL, finished_at REAL, cents INTEGER NOT NULL DEFAULT 0,
    attempts_left INTEGER, outcome TEXT, comment TEXT, redirect_url TEXT, language_code TEXT,
    types TEXT NOT NULL DEFAULT '[]'
);
CREATE INDEX IF NOT EXISTS verifications_applicant ON verifications (applicant_id);
CREATE INDEX IF NOT EXISTS verifications_form ON verifications (form_token);
CREATE INDEX IF NOT EXISTS verifications_running ON verifications (status) WHERE status = 'pending';
CREATE INDEX IF NOT EXISTS verifications_day ON verifications (created_at);
CREATE TABLE IF NOT EXISTS parts (object_id TEXT NOT NULL, verification_id TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS parts_object ON parts (object_id);
CREATE INDEX IF NOT EXISTS parts_verification ON parts (verification_id);
CREATE TABLE IF NOT EXISTS services (
    seq INTEGER PRIMARY KEY, method TEXT NOT NULL, cents INTEGER NOT NULL, created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS services_day ON services (created_at);
CREATE TABLE IF NOT EXISTS account (id TEXT PRIMARY KEY, cents INTEGER);
CREATE TABLE IF NOT EXISTS forms (
    id TEXT PRIMARY KEY, applicant_in_callback INTEGER NOT NULL, status_callback INTEGER NOT NULL,
    test_mode INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS callbacks (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, message TEXT NOT NULL,
    status INTEGER, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due);
"""
_SHOWING_A_PERSON: Final = ", ".join(f"'{DocumentType(kind).value}'" for kind in sorted(IDENTITY | SELFIES))
PORTRAITS: Final = (
    f"INSERT INTO portraits SELECT DISTINCT f.sha256, d.status = '{DocumentStatus.VALID.value}', d.seq "  # noqa: S608 - no values of others
    "FROM documents d JOIN attachments a ON a.document_id = d.id JOIN files f ON f.id = a.file_id "
    f"WHERE d.type IN ({_SHOWING_A_PERSON})"
)
"""Fills ``portraits``."""
MIGRATIONS: Final = {
    4: (
        " ".join(f"DROP INDEX IF EXISTS {name};" for name in ("documents_number", "documents_card", "files_content")),
        PORTRAITS,
    )
}
"""By the version of the data: what changes the tables, and what fills them once they are known to be ours."""
