"""The storage of a sandbox: one repository for each kind of object, over SQLite."""
