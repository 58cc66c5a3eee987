"""Files that look like pictures."""

import hashlib

PNG_START = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x01\x00\x00\x00\x01\x00\x08\x02\x00\x00\x00"


def picture(size: int) -> bytes:
    """Return ``size`` bytes that begin like a PNG and repeat nothing at the distance of a read."""
    block = b"".join(hashlib.sha256(i.to_bytes(4, "big")).digest() for i in range(4099))
    return (PNG_START + block * (size // len(block) + 1))[:size]
