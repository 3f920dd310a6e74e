"""The facts of all files linked: what names mean, which models, tables and sessions there are, which revisions."""
