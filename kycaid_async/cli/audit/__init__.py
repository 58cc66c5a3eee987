"""``kycaid audit``: what the server has of the rows of a manifest."""
