"""Rules on sqlalint's own work."""
