"""The page of promises says what is declared and decided, and each promise has tests that exist."""

import ast

import pytest

from kycaid_async.api.catalog import ENDPOINTS
from tests import derived, promises
from tests.house import ROOT


@pytest.mark.parametrize("test", sorted({test for promise in promises.PROMISES.values() for test in promise.tests}))
def test_a_test_that_is_named_exists(test):
    path, _, name = test.partition("::")
    tree = ast.parse((ROOT / path).read_text("utf-8"))
    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_promise_is_made_by_an_operation_and_held_by_a_test():
    made = {number for endpoint in ENDPOINTS.values() for number in promises.promises_of(endpoint)}
    assert made == promises.PROMISES.keys()
    assert all(promise.tests for promise in promises.PROMISES.values())


@pytest.mark.parametrize("endpoint", ENDPOINTS.values(), ids=lambda endpoint: endpoint.name)
def test_what_must_not_double_promises_never_to_be_repeated_and_nothing_else_does(endpoint):
    numbers = promises.promises_of(endpoint)
    assert ("L2" in numbers) is not endpoint.replayable
    assert ("L1" in numbers) is endpoint.replayable


def test_the_page_is_written_anew_after_a_change():
    page = promises.PAGE.read_text("utf-8")
    assert page == promises.page(), f"`{derived.COMMAND}` has to write {promises.PAGE.name} anew"
