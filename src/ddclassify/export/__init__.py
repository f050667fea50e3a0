"""Rows to the formats that people open: one module a format, each from rows as they stand in JSONL.

layout.py        which columns there are
table.py         for the eye
delimited.py     CSV
parquet.py       Parquet, typed
spreadsheet.py   .xlsx
formats.py       which format an output's name asks for, and from a file of rows to that output
"""
