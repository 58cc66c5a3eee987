"""The options of runs: what type checkers see of them is what runs take."""

import typing

import attrs
import pytest

from kycaid_async import ConfigurationError
from kycaid_async.bulk.audit.run import AuditOptions, AuditPlan
from kycaid_async.bulk.upload import UploadOptions, UploadPlan
from kycaid_async.values.secret import ApiKey

RUNS = [(UploadOptions, UploadPlan), (AuditOptions, AuditPlan)]


@pytest.mark.parametrize(("options", "plan"), RUNS)
def test_the_keywords_of_a_run_are_the_fields_of_its_plan_with_their_types(options, plan):
    planned = typing.get_type_hints(plan)
    fields = {field.name: planned[field.name] for field in attrs.fields(plan)}
    fields["ledger_secret_key"] = str | None  # it is made an `ApiKey` at once
    assert typing.get_type_hints(options) == fields


@pytest.mark.parametrize(("options", "plan"), RUNS)
def test_a_keyword_is_required_where_the_plan_has_no_default(options, plan):
    required = {field.name for field in attrs.fields(plan) if field.default is attrs.NOTHING}
    assert options.__required_keys__ == required


@pytest.mark.parametrize("plan", [plan for _, plan in RUNS])
@pytest.mark.parametrize("wrong", [{"concurrency": 0}, {"ledger": ""}, {"ledger_secret": "vault"}])
def test_values_that_make_no_sense_are_refused(plan, wrong):
    with pytest.raises(ConfigurationError, match="bulk: "):
        plan(**{"ledger": "l"} | wrong)


def test_an_audit_without_a_ledger_is_refused():
    with pytest.raises(ConfigurationError, match="an audit needs the ledger"):
        AuditPlan(ledger=None)


@pytest.mark.parametrize("plan", [plan for _, plan in RUNS])
def test_the_key_of_an_older_ledger_is_hidden_at_once(plan):
    made = plan(ledger="l", ledger_secret_key="k" * 36)
    assert isinstance(made.ledger_secret_key, ApiKey)
    assert "k" * 36 not in repr(made)


async def test_an_option_that_no_run_has_is_refused_by_its_name(client):
    with pytest.raises(TypeError, match="concurency"):
        client.bulk.upload([], concurency=4)
