"""The hash by which contents are known: BLAKE2 from where it is cheapest to import, which is not `hashlib`."""

try:
    from _blake2 import blake2b
except ImportError:  # an implementation of Python that has it elsewhere
    from hashlib import blake2b

__all__ = ["blake2b"]
