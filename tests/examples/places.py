"""Where the programs are: in the sources, or copied beside tests that run against the built package."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = next(path for path in (ROOT / "examples", ROOT / "kycaid_async" / "examples") if path.is_dir())
