"""Pages for people: the hosted form, and the dashboard."""
