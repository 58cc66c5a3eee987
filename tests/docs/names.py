"""Public names, and whether the reference describes them."""

import re

import kycaid_async
from kycaid_async import callbacks, cluster, sandbox, testing
from tests.docs.pages import DOCS


def undescribed() -> list[str]:
    """Return the public names that no page of the reference describes."""
    reference = "".join(page.read_text(encoding="utf-8") for page in (DOCS / "reference").glob("*.md"))
    described = set(re.findall(r"^\.\. auto\w+:: ([\w.]+)$", reference, re.MULTILINE))
    public = {f"kycaid_async.{name}" for name in kycaid_async.__all__ if name != "__version__"}
    for package in (callbacks, cluster, sandbox, testing):
        # A name that another package has under the same name is described there.
        own = {name for name in package.__all__ if name not in kycaid_async.__all__}
        public |= {f"{package.__name__}.{name}" for name in own}
    return sorted(public - described)
