"""Processes that share a pace, at a server that takes 50 requests a second."""

from tests.cluster import pace


def test_four_processes_keep_to_one_rate_also_while_redis_is_restarted():
    """`python -m tests.cluster.pace` holds them to a twentieth for a minute; here the first seconds weigh more."""
    outcome = pace.run(workers=4, seconds=12.0, rate=50, restart=True)
    assert outcome.used >= 0.88, outcome
    assert outcome.wasted <= 0.05, outcome
    assert outcome.told.count("cannot be reached") == outcome.told.count("are heard of again") == 4, outcome.told
