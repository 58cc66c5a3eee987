"""HTTP: authentication, validation, uploads, middlewares and the form of refusals."""
