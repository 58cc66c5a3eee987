"""The base of exceptions that are outcomes."""


class SandboxOutcome(Exception):  # noqa: N818 - says that its kinds are no errors
    """An outcome and no error: what calls expects it and goes on, with a refusal, a page, or in another way."""
