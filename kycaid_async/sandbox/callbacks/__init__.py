"""Callbacks: their messages and their delivery."""
