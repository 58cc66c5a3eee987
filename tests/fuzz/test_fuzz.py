"""Every decoder, with odd inputs and those made to take long: only its own errors, in bounded time and memory.

`python -m tests.fuzz` tries many more.
"""

import gc
import itertools
import json
import math
import random
import signal
import time

import pytest

from tests.fuzz import engine
from tests.fuzz.__main__ import main
from tests.fuzz.catalog import all_targets
from tests.fuzz.engine import Fuzzing
from tests.fuzz.mutation import changed, changed_json
from tests.fuzz.target import Target

TARGETS = all_targets()
INPUTS = 8
"""Times the share of a decoder."""
SLOWER = 20.0
"""Only what grows beyond all bounds is seen here: the command, which nothing slows down, judges seconds."""


@pytest.mark.parametrize("name", TARGETS)
def test_odd_inputs_are_read_or_refused(name):
    fuzzing = Fuzzing(TARGETS[name], SLOWER)
    fuzzing.inputs(INPUTS * TARGETS[name].share, random.Random(f"20 {name}"), math.inf)
    assert fuzzing.found == {}
    assert fuzzing.figures["inputs"] == INPUTS * TARGETS[name].share


@pytest.mark.parametrize("name", TARGETS)
def test_inputs_as_they_are_usual_are_read(name):
    if name in ("refusals", "packed answers", "names of columns"):
        pytest.skip("those have errors among them")
    fuzzing = Fuzzing(TARGETS[name], SLOWER)
    for data in fuzzing.target.seeds():
        fuzzing.one(data)
    assert fuzzing.figures["read"] >= 1
    assert fuzzing.found == {}


@pytest.mark.parametrize("name", [name for name, target in TARGETS.items() if next(target.nasty(), None)])
def test_inputs_made_to_take_long_do_not(name):
    fuzzing = Fuzzing(TARGETS[name], SLOWER)
    fuzzing.nasty()
    assert fuzzing.found == {}


def test_without_atheris_a_guided_run_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SystemExit) as ended:
        main(["--guided", "--inputs", "1"])
    assert ended.value.code == 2
    assert "error: --guided needs atheris, which is not installed: pip install" in capsys.readouterr().err


def decoder(run):
    return Target(name="one", run=run, raises=(KeyError,), seeds=lambda: [b"{}"])


def raise_it(error):
    raise error


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no timer of a process's own time")
def test_an_input_without_an_end_is_told(monkeypatch):
    monkeypatch.setattr(engine, "_NO_END", 0.05)
    fuzzing = Fuzzing(decoder(lambda _: any(one for one in itertools.repeat(False))))
    assert fuzzing.one(b"{}") == "no end"
    assert fuzzing.figures["slow"] == 1


@pytest.mark.parametrize(
    ("run", "kind"),
    [
        (lambda _: raise_it(ZeroDivisionError()), "foreign"),
        (lambda _: raise_it(RecursionError()), "foreign"),
        (lambda _: until(time.process_time() + 2.2), "slow"),
        (lambda _: bytearray(b"x") * (200 << 20), "large"),
    ],
)
def test_what_does_not_hold_is_found(run, kind):
    fuzzing = Fuzzing(decoder(run))
    gc.collect()  # or what other tests left would be let go of meanwhile, and hide what is taken
    engine._forget_most_memory()
    fuzzing.one(b"{}")
    assert [text.partition(":")[0] for text in fuzzing.found.values()] == [kind]


def until(end):
    while time.process_time() < end:
        pass


def test_errors_of_its_own_are_no_finding():
    fuzzing = Fuzzing(decoder(lambda _: raise_it(KeyError())))
    fuzzing.inputs(100, random.Random(1), math.inf)
    assert fuzzing.found == {}
    assert fuzzing.figures["refused"] == 100


def test_the_same_seed_makes_the_same_inputs():
    def drawn(mutate):
        chance = random.Random(5)
        return [mutate(b'{"a": [1, {"b": "c"}]}', [b"[]"], chance) for _ in range(50)]

    for mutate in (changed, changed_json):
        assert drawn(mutate) == drawn(mutate)
        assert len(set(drawn(mutate))) > 30


def test_changed_json_is_mostly_json_still():
    chance = random.Random(5)
    found = [changed_json(b'{"a": [1, {"b": "c"}]}', [b"[]"], chance) for _ in range(100)]
    assert sum(map(is_json, found)) > 60


def is_json(data):
    try:
        json.loads(data)
    except ValueError:
        return False
    return True
