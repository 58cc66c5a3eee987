"""Requests and answers: authentication, validation, uploads and the form of refusals."""
