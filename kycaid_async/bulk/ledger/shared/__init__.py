"""A ledger that many processes and machines share, in PostgreSQL: claims with leases, and fencing numbers.

Each process that opens it is an owner, with a number that none had before and a lease that it renews with all that it
writes. What it works on it has claimed. An owner whose lease is over is declared dead, for good: from then on nothing
is written in its name, and others take over its claims and reconcile what it had sent, as after a crash. The same
transaction that writes holds the owner's row, so an owner is never declared dead while it commits.

KYCAID knows no fencing, so an owner sends a creation only while its lease, by a clock that nobody can set and with a
margin, holds still; and who takes over counts the time from the end of that lease on before it believes that something
was not made.
"""
