"""One call over HTTP: attempts, deadlines and limits. The only place that does network I/O."""
