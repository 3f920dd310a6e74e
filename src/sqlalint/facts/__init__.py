"""What one file says, as plain typed values: an index of its definitions, and each definition lowered on demand."""
