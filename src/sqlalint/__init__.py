"""sqlalint: finds what hurts in production in SQLAlchemy and Alembic code, without importing it."""

__version__ = "0.1.0"
