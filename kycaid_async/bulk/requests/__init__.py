"""Requests of a run: repeated where it does no harm, as many at once as the server takes."""
