"""The review of documents: what the sandbox does in the place of KYCAID's machines and people."""
