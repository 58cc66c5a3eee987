"""Arbitrary JSON, for tests that throw anything at a reader."""

from typing import Any

from hypothesis import strategies as st

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(
        [
            "",
            "0",
            "007",
            "1e999",
            "true",
            "FALSE",
            "null",
            "2024-02-30",
            "2024-07-01 15:27:15",
            "BAD_QUALITY,7",
            "\ud800",
        ]
    )
    | st.dates().map(str)
    | st.datetimes().map(str)
)

JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=8
)


def same_json(one: Any, other: Any) -> bool:
    """Say whether two JSON values are equal, type by type: 1 is neither True nor 1.0."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same_json(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)
