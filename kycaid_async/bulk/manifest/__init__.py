"""Manifests: files that list what to deliver, their formats, and what is said of rows that do not fit."""
