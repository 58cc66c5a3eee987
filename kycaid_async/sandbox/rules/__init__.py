"""The rules of a review, as pure functions."""
