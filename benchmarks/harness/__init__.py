"""What the benchmarks share: the server, a process per peer, rounds, statistics and reports."""
