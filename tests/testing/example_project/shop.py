"""Somebody's program: what the tests beside it are about."""

from kycaid_async import AsyncKycaid, Person, RateLimitError


async def sign_up(client: AsyncKycaid, first_name: str, last_name: str) -> str:
    """Return the id of a new customer, or "later" when there are too many at once."""
    try:
        return await client.applicants.create(Person(first_name=first_name, last_name=last_name))
    except RateLimitError:
        return "later"
