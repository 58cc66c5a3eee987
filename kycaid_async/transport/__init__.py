"""The only place that does network I/O, and that reads what is uploaded."""
