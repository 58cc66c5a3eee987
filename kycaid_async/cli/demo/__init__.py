"""``kycaid demo``: from files to reviewed documents."""
