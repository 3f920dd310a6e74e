"""Findings as values, what is shown of them, and how."""
