"""Each reason to decline belongs to one check of a verification."""

import pytest

from kycaid_async import DeclineReason
from kycaid_async.sandbox.rules.verdict import checks_for

OF_THE_PERSON = {
    *("AGE_RESTRICTION", "ANONYMIZING_NETWORK", "COMPROMISED_PERSON", "DEBTOR", "IP_MISMATCH", "LIMIT_REACHED_OTP"),
    *("PROHIBITED_JURISDICTION", "QES_MISMATCH", "TAX_ID_REQUIRED"),
}
OF_THE_FACE = {"COMPULSION", "DIFFERENT_FACES", "MULTIPLE_PERSON", "NO_SELFIE"}
OF_THE_DOCUMENT = {
    *("BAD_QUALITY", "DOCUMENT_DAMAGED", "DOCUMENT_INCOMPLETE", "DUPLICATE", "EDITED_DOCUMENT", "EXPIRED_DOCUMENT"),
    *("EXPIRES_LESS_3_MONTHS", "FAKE_DOCUMENT", "FRAUDULENT", "OTHER", "WRONG_DOB", "WRONG_DOCUMENT", "WRONG_INFO"),
    "WRONG_NAME",
}
CHECKS = {"profile": OF_THE_PERSON, "facial": OF_THE_FACE, "document": OF_THE_DOCUMENT}


def test_every_reason_has_its_check():
    grouped = OF_THE_PERSON | OF_THE_FACE | OF_THE_DOCUMENT
    if new := {str(reason) for reason in DeclineReason} - grouped:
        pytest.fail(
            f"kycaid_async/sandbox/rules/verdict.py has to say which check {', '.join(sorted(new))} belongs to, "
            "and the table in this test the same",
            pytrace=False,
        )
    assert sum(map(len, CHECKS.values())) == len(grouped) == len(DeclineReason)


@pytest.mark.parametrize(
    ("check", "reason"), [(check, reason) for check, of in CHECKS.items() for reason in sorted(of)]
)
def test_a_decision_puts_a_reason_into_its_check(check, reason):
    checks = checks_for([reason], ["PASSPORT"], None)
    assert {name for name, result in checks.items() if result["decline_reasons"]} == {check}
