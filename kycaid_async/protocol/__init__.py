"""The rules of one exchange: no I/O, no clock and no randomness of its own."""
