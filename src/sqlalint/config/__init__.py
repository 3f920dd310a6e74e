"""Configuration: options as typed values, where they are found, and which rules they select."""
