"""Management of a Django project: the commands below."""
