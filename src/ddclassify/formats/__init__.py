"""Readers of document formats: each turns the bytes of one file into its text, pages and metadata."""
