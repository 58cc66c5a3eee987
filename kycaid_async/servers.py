"""The servers of the vendor's reference."""

from typing import Final

PRODUCTION: Final = "https://api.kycaid.com"
"""The real service. Test and live keys share it; the key selects the mode."""

MOCK: Final = "https://docs.kycaid.com/_mock/api"
"""The mock of the vendor's documentation: it answers with the printed examples, probably whatever is sent."""
