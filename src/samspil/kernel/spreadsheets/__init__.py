"""Spreadsheets: one safe writer, one reader."""
