"""What a sandbox keeps: one repository for each kind of object, over SQLite."""
