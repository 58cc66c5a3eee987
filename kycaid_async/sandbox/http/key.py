"""The key of a sandbox that was given none."""

from typing import Final

SANDBOX_KEY: Final = "sandbox0sandbox0sandbox0sandbox0sand"
"""The API key of a sandbox that was given none. Everybody knows it."""
