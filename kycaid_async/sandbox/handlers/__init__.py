"""Handlers of the operations; one module per section, as in ``api``."""
