"""Rules on the revision history: that it is one chain, runs, and can be undone."""
