"""The attacks on callbacks and the sandbox hold nowhere."""

import pytest

from tests.security import edges


@pytest.mark.parametrize("attack", [edges.forged_callbacks, edges.events_that_hide_each_other])
def test_no_callback_is_forged_or_hidden(attack):
    tried, broken = attack()
    assert (tried > 100, broken) == (True, [])


@pytest.mark.parametrize("attack", [edges.requests_that_hold_the_sandbox_up, edges.guesses_of_the_key])
async def test_nobody_holds_the_sandbox_up_or_finds_its_key(attack):
    tried, broken = await attack()
    assert (tried > 10, broken) == (True, [])
