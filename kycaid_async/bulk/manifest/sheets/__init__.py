"""Sheets of .xlsx workbooks, read a row at a time.

Written for manifests, where what a library makes of a cell is not enough: python-calamine gives errors such as ``#N/A``
and formulas that were never calculated as empty cells, does not tell how a number is shown, and holds a sheet whole
(1 KB a row); openpyxl takes a millisecond for three rows.
"""
