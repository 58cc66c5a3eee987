"""The migrations of the table of seen callbacks."""
