"""Fixes: edits applied to files, analysed again until nothing changes, and written once."""
