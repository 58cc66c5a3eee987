"""Tests of the documentation: every block of code runs, every link leads somewhere, every public name is described."""
