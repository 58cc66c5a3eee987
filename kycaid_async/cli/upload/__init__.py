"""``kycaid upload``: from a manifest to documents, with a ledger."""
