"""The page about an audit: it names rows by line, documents and applicants by id, and nobody by name."""

from pathlib import Path
from types import SimpleNamespace

from kycaid_async import AuditResult, AuditStatus, AuditSummary
from kycaid_async.cli.audit import report, run
from kycaid_async.cli.audit.report import AuditFindings
from kycaid_async.cli.audit.run import exit_code
from kycaid_async.errors import KycaidError, ManifestError

EVIL = "<script>alert('&')</script>"


def findings(*statuses, **changes):
    options = SimpleNamespace(
        manifest=changes.get("manifest", Path("/srv/people.csv")), server="https://api.kycaid.com"
    )
    kept, summary = AuditFindings(), AuditSummary()
    for number, status in enumerate(statuses):
        surplus = status is AuditStatus.SURPLUS
        result = AuditResult(
            status=status,
            number=None if surplus else number,
            line=None if surplus else number + 2,
            key="Jane Doe",
            document_ids=("d" * 36,),
            reason=EVIL,
            advice="Do this.",
        )
        kept.note(result)
        summary.count(result)
        summary.read += not surplus
    return SimpleNamespace(kept=kept, summary=summary, options=options, ended=changes.get("ended", ""))


def page(made):
    return report.page(made.kept, made.summary, options=made.options, ended=made.ended)


def summary_text(made):
    return run.summary_text(made.options, made.summary, made.ended)


def test_an_audit_of_nothing_has_no_rows_to_show():
    assert "<p>No row was looked at.</p>" in page(findings())
    assert "<p>No row was looked at.</p>" in page(findings(ended="LedgerError"))
    assert "<p>None.</p>" in page(findings(AuditStatus.AS_SENT))


def test_of_very_many_rows_the_first_ones_are_shown_and_the_others_counted():
    text = page(findings(*[AuditStatus.MISSING] * 1500))
    assert text.count("<tr><td>") == 1000
    assert "and 500 more" in text


def test_what_is_there_as_sent_is_only_counted_and_what_is_of_no_row_has_a_table_of_its_own():
    text = page(findings(AuditStatus.AS_SENT, AuditStatus.SURPLUS))
    assert "<p>None.</p>" in text
    assert "Documents of no row" in text


def test_nothing_in_it_is_obeyed_and_no_key_stands_in_it():
    text = page(findings(AuditStatus.TWICE, manifest=Path(f"/srv/{EVIL}".replace("/script", "script")), ended=EVIL))
    assert "<script>" not in text
    assert "Jane" not in text
    assert text.count("It ended early") == 1


def test_the_exit_code_says_what_was_found_before_what_was_not():
    def code(*statuses, number=0, error=None, read=None):
        summary = findings(*statuses).summary
        summary.read = summary.read if read is None else read
        return exit_code(summary, number=number, error=error)

    assert code() == code(AuditStatus.AS_SENT) == code(AuditStatus.AS_SENT, AuditStatus.SURPLUS) == 0
    for status in (AuditStatus.TWICE, AuditStatus.MISSING, AuditStatus.DIFFERENT, AuditStatus.NOT_SENT):
        assert code(status) == code(status, AuditStatus.UNCERTAIN) == code(status, error=KycaidError("away")) == 1
    assert code(AuditStatus.UNCERTAIN) == code(AuditStatus.AS_SENT, read=2) == code(error=KycaidError("away")) == 3
    assert code(error=ManifestError("odd")) == 2
    assert code(AuditStatus.TWICE, number=15) == 143


def test_the_sum_says_how_many_were_not_looked_at():
    made = findings(AuditStatus.AS_SENT, AuditStatus.TWICE)
    made.summary.read = 5
    assert summary_text(made) == "2 rows: 1 there as sent, 1 there twice. 3 rows were not looked at."
    made = findings()
    made.summary.read = 5
    assert summary_text(made) == "5 rows: none was looked at."
    assert summary_text(findings()) == "/srv/people.csv has no rows."
