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
CREATE INDEX IF NOT EXISTS files_content ON files (sha256);
CREATE TABLE IF NOT EXISTS documents (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, owner_key TEXT NOT NULL,
    type TEXT NOT NULL, body TEXT NOT NULL, created_at TEXT NOT NULL, document_number TEXT, card_number TEXT,
    status TEXT NOT NULL, reasons TEXT NOT NULL, changed_at REAL NOT NULL, version INTEGER NOT NULL,
    current INTEGER NOT NULL DEFAULT 1, outcome TEXT, comment TEXT
);
CREATE INDEX IF NOT EXISTS documents_owner ON documents (owner);
CREATE INDEX IF NOT EXISTS documents_new ON documents (status) WHERE status = 'new';
CREATE INDEX IF NOT EXISTS documents_number ON documents (document_number);
CREATE INDEX IF NOT EXISTS documents_card ON documents (card_number);
CREATE TABLE IF NOT EXISTS attachments (
    document_id TEXT NOT NULL REFERENCES documents (id) ON DELETE CASCADE, file_id TEXT NOT NULL REFERENCES files (id)
);
CREATE INDEX IF NOT EXISTS attachments_document ON attachments (document_id);
CREATE INDEX IF NOT EXISTS attachments_file ON attachments (file_id);
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
CREATE TABLE IF NOT EXISTS callbacks (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, url TEXT NOT NULL, message TEXT NOT NULL,
    status INTEGER, attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL DEFAULT 1
);
CREATE INDEX IF NOT EXISTS callbacks_due ON callbacks (due);
INSERT INTO account (id, cents) VALUES ('balance', NULL);
INSERT INTO applicants (id, type, body, created_at) VALUES
    ('000000000000000000000000000000000001', 'PERSON', '{"first_name":"Ada","last_name":"Example"}', '2025-06-15 10:00:00'),
    ('000000000000000000000000000000000002', 'PERSON', '{"first_name":"Bo","last_name":"Example"}', '2025-06-15 10:00:00');
INSERT INTO files (id, name, mime_type, size, sha256, stored_as, created_at) VALUES
    ('000000000000000000000000000000000011', 'a.jpg', 'image/jpeg', 3, 'SHA256', 'kycaid-upload-000000000000000000000000000000000011', '2025-06-15 10:00:00');
INSERT INTO documents (seq, id, owner, owner_key, type, body, created_at, document_number, status, reasons, changed_at, version) VALUES
    (1, '000000000000000000000000000000000021', '000000000000000000000000000000000001', 'applicant_id', 'PASSPORT', '{"front_side_id":"000000000000000000000000000000000011","document_number":"N1"}', '2025-06-15 10:00:00', 'N1', 'valid', '[]', 1749981600.0, 1);
INSERT INTO attachments (document_id, file_id) VALUES ('000000000000000000000000000000000021', '000000000000000000000000000000000011');
PRAGMA user_version = 4;
