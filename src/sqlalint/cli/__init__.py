"""The command line: parse, call, print, exit."""

from sqlalint.cli.group import run

__all__ = ["run"]
