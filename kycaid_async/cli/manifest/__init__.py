"""``kycaid manifest``: make a manifest, or look at one, before anything is sent."""
