"""What each operation does to the state of a sandbox; one module per section, as in ``api``."""
