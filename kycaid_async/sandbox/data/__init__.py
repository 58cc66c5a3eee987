"""Invented data: ids, forms, prices and reference lists."""
