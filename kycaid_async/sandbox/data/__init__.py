"""Invented data: forms and reference lists."""
