"""Numbers as people read them."""

import pytest

from kycaid_async.cli.screen import duration_text, size_text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (119.4, "1 min 59 s"),
        (119.6, "2 min 0 s"),
        (3599.6, "1 h 0 min"),
        (7199.6, "2 h 0 min"),
        (7260, "2 h 1 min"),
    ],
)
def test_no_duration_has_sixty_of_a_unit(seconds, text):
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 kB"),
        (999_400, "999 kB"),
        (999_600, "1.0 MB"),
        (999_940_000, "999.9 MB"),
        (999_960_000, "1.00 GB"),
    ],
)
def test_no_size_has_a_thousand_of_a_unit(count, text):
    assert size_text(count) == text
