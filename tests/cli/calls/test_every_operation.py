"""Every operation is a command, which sends what the method sends and prints what came."""

import json
import random
import re

import pytest

from kycaid_async.api.catalog import ENDPOINTS
from kycaid_async.api.sections import SECTIONS
from kycaid_async.cli.calls.operation import operations_of
from kycaid_async.cli.calls.run import operation_of
from kycaid_async.protocol.endpoint import HOLES
from tests.api.cases import CASES
from tests.pictures import picture

NAMES = {
    "crypto.check_address": {"hash": "address"},
    "crypto.check_transaction": {"hash": "transaction_hash"},
    "verifications.report": {"date": "start"},
}
"""What the method calls a field in another way."""
IN_JSON = ("qes.verify", "non_doc_verifications.run")
"""Bodies without fields."""


def values_of(name, case):
    """Return what has to be given, by the names of the method."""
    endpoint = ENDPOINTS[name]
    template = HOLES.sub(r"(?P<\1>[^/]+)", endpoint.path)
    values = re.fullmatch(template, case.sends[1]).groupdict()
    query = {key: text for key, text in case.query.items() if key not in ("offset", "count")}
    body = {} if case.upload else case.body or {}
    return {NAMES.get(name, {}).get(key, key): value for key, value in (values | query | body).items()}


def words_of(operation, values):
    """Return values as somebody types them."""
    left = dict(values)  # null is said in JSON only
    arguments, options = [], []
    for parameter in operation.parameters():
        if left.get(parameter.name) is None:
            continue
        value = left.pop(parameter.name)
        if parameter.is_argument:
            arguments.append(str(value))
        elif parameter.kind == "flag":
            options.append(parameter.option if value else parameter.option.replace("--", "--no-", 1))
        elif parameter.kind == "list":
            options += [
                word for one in value for word in (parameter.option, str(one).lower() if parameter.words else str(one))
            ]
        elif parameter.kind == "JSON":
            options += [parameter.option, json.dumps(value)]
        else:
            options += [parameter.option, str(value)]
    return arguments, [*options, *(["--json", json.dumps(left)] if left else [])]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "front.png"
    path.write_bytes(picture(400))
    return path


@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.parametrize("form", ["options", "json"])
def test_a_command_sends_what_the_method_sends_and_prints_the_answer(name, form, odd, server, file):
    case, operation = CASES[name], operation_of(name)
    server.answer(case.answer)
    values = values_of(name, case)
    if form == "json":
        given = json.dumps(values | ({"file": str(file)} if case.upload else {}))
        done = odd("call", name, "--json", "-", "--yes", input=given)
    else:
        arguments, options = words_of(operation, values)
        arguments += [str(file)] if case.upload else []
        yes = ["--yes"] if operation.is_billed or operation.deletes else []
        done = odd(operation.section, operation.method, *arguments, *options, *yes)
    assert done.exit_code == 0, done.output
    method, target, _, body = server.requests[0]
    assert (method, target.partition("?")[0]) == case.sends
    if case.upload:
        assert picture(400) in body
    elif case.body is not None:
        assert json.loads(body) == case.body
    assert [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_dry_run_says_what_would_be_sent_and_sends_nothing(name, odd, server, file):
    case, operation = CASES[name], operation_of(name)
    arguments, options = words_of(operation, values_of(name, case))
    done = odd(operation.section, operation.method, *arguments, *([file] if case.upload else []), *options, "--dry-run")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["method"], said["path"].partition("?")[0]) == case.sends
    assert said.get("body") == (None if case.upload else case.body)
    assert server.requests == []


def test_every_endpoint_has_an_operation_and_only_what_reads_has_none():
    operations = [operation for section in SECTIONS for operation in operations_of(section).values()]
    assert {operation.name for operation in operations if operation.endpoint} == set(ENDPOINTS)
    # They spend and change nothing, so nobody is asked.
    assert {operation.name for operation in operations if not operation.endpoint} == {
        "verifications.find",
        "verifications.wait",
    }


@pytest.mark.parametrize("name", sorted(ENDPOINTS))
def test_what_costs_a_fee_or_deletes_is_not_done_without_a_yes(name, odd, server, file):
    case, operation = CASES[name], operation_of(name)
    values = json.dumps(values_of(name, case) | ({"file": str(file)} if case.upload else {}))
    server.answer(case.answer)
    done = odd("call", name, "--json", values)
    if ENDPOINTS[name].replay == "billed" or ENDPOINTS[name].method == "DELETE":
        assert (done.exit_code, done.stdout, server.requests) == (2, "", [])
        assert "say --yes, or look with --dry-run" in done.stderr
    else:
        assert done.exit_code == 0
        assert server.requests
    assert operation.help


ODD = (
    '""',
    '"x"',
    "-1",
    "1e400",
    "true",
    "null",
    "[]",
    "{}",
    "[null]",
    '"\\ud800"',
    '"\\u0000"',
    '"2026-13-45"',
    "NaN",
)
WITHOUT_CASE = {
    "verifications.wait": ({"verification_id": "0" * 36, "timeout": 0}, {"status": "completed"}),
    "verifications.find": ({"applicant_id": "0" * 36, "since": "2026-11-01"}, []),
}


@pytest.mark.parametrize("name", [one.name for section in SECTIONS for one in operations_of(section).values()])
def test_whatever_is_given_a_call_ends_with_one_line_and_an_exit_code(name, odd, server, file):
    case, chance = CASES.get(name), random.Random(name)
    values, answer = (values_of(name, case), case.answer) if case else WITHOUT_CASE[name]
    values |= {"file": str(file)} if case and case.upload else {}
    server.answer(answer)
    names = [one.name for one in operation_of(name).parameters()]
    for field in [*chance.sample(names, min(2, len(names))), chance.choice(["self", "args", "", "nothing"])]:
        others = json.dumps({key: value for key, value in values.items() if key != field})
        given = f"{others[:-1]}{', ' if len(others) > 2 else ''}{json.dumps(field)}: {chance.choice(ODD)}}}"
        done = odd("call", name, "--json", "-", "--yes", input=given)
        assert done.exit_code in (0, 2), (given, done.output)
        assert done.stderr.count("\n") <= 1 or "kycaid: note: " in done.stderr, (given, done.stderr)


@pytest.mark.parametrize("section", SECTIONS)
def test_options_of_operations_do_not_share_a_name_with_those_of_all_commands(section):
    shared = {"json", "fields", "csv", "text", "yes", "dry_run", "base_url", "proxy", "env_file", "keyring", "help"}
    for operation in operations_of(section).values():
        assert shared.isdisjoint(one.name for one in operation.parameters())
