"""The blocking client: the asynchronous one, run on an event loop in a thread of its own."""
