"""One call over HTTP: attempts, deadlines and limits. The only room that does network I/O for calls."""
