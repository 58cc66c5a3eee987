"""Events, deliveries and background tasks of a sandbox."""
