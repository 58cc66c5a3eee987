"""What a number format shows of a whole number, as Excel shows it, or nothing where that is not certain."""

import pytest

from kycaid_async.bulk.manifest.sheets.number_formats import NumberFormat

PHONE = "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####"
"""As Excel offers it in the United States."""
SHOWN = [
    ("000-00-0000", 1234, "000-00-1234"),
    ('"K-"00000', 1234, "K-01234"),
    (r"\K\-00000", 1234, "K-01234"),
    ("0000 0000", 1234, "0000 1234"),
    ("#00000", 1234, "01234"),
    ("?00000", 1234, "01234"),
    ('00000"/26"', 1234, "01234/26"),
    ('0"; d"', 7, "7; d"),
    ("+0", 491701234567, "+491701234567"),
    ("(000) 000-0000", 5551234567, "(555) 123-4567"),
    ("00-00", 1234567, "12345-67"),
    ("[Red]00000", 17, "00017"),
    ("[$-407]00000", 17, "00017"),
    ("_-00000_-", 17, "00017"),
    ("* 00000", 17, "00017"),
    ('General"x"', 17, "17x"),
    ("00000;;", 17, "00017"),
    ("00000;@", 17, "00017"),
    ("00000;-00000;0", 0, "0"),
    ("00000", 0, "00000"),
    ("0;-0;;@", 0, ""),
    ("#", 0, ""),
    ("00000", -17, "-00017"),
    ("0;(0)", -17, "(17)"),
    ("[<=99999]00000;0", 17, "00017"),
    ("[<=99999]00000;0", 123456, "123456"),
    (PHONE, 5551234, "555-1234"),
    (PHONE, 5551234567, "(555) 123-4567"),
    ("+38\\ 000\\ 000\\ 00\\ 00", 441234567, "+38 044 123 45 67"),
    ("0000 0000", 1234, "0000 1234"),
    ("00 000 000", 1234567, "01 234 567"),
    ("[$-10409]00000", 17, "00017"),
    ("[$-1010409]General", 17, "17"),
]
AS_IT_IS = [
    *("# ##0", "#\\ ##0", "### ### ##0", "#'##0", "[$-10407]#,##0.00"),
    *("General", "0", "#", "@", "#,##0", "0.00", "#,##0.00", "GENERAL", "[$€-407]\\ #,##0.00"),
    *("#,##0.00 €", '#,##0.00 "€"', '_-* #,##0.00 "€"_-;-* #,##0.00 "€"_-;_-* "-"?? "€"_-;_-@_-', "$#,##0_);($#,##0)"),
]
NOT_CERTAIN = [
    *(
        "0%",
        "0.00E+00",
        "# ?/?",
        "#,##0,",
        "0.0,",
        "[DBNum1]0",
        "[$-2000407]0",
        "[$-D000000]0",
        "[>5000]0;[>4000]0",
        "00/00",
        "K00000",
    ),
    *(
        ";;;",
        '"secret"',
        '"yes";"no"',
        '#,##0.00 "EUR"',
        '#,##0" pieces"',
        "00000.0",
        "00,000",
        '"K"* 0',
        "0#####",
        "0!x0",
    ),
    *("*-00000", '@"x"', "0.0.0", '0.0"x"0', 'General"x"General'),
]


@pytest.mark.parametrize(("code", "value", "text"), SHOWN)
def test_texts_and_places_of_digits_are_shown_around_a_number(code, value, text):
    assert NumberFormat.of(code).shown(value) == text


@pytest.mark.parametrize("code", AS_IT_IS)
def test_what_any_amount_is_written_with_is_left_out(code):
    assert [NumberFormat.of(code).shown(value) for value in (1234, -1234)] == ["1234", "-1234"]


@pytest.mark.parametrize("code", NOT_CERTAIN)
def test_what_may_show_something_else_is_not_guessed(code):
    assert NumberFormat.of(code).shown(1234) is None


def test_a_zero_that_is_shown_as_a_dash_is_none():
    assert NumberFormat.of('#,##0;-#,##0;"-"??').shown(0) is None
    assert NumberFormat.of("K-#").shown(0) is None
