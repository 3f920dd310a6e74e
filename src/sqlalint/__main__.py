"""`python -m sqlalint`, and what the `sqlalint` command starts."""

import sys


def main() -> int:
    """Run the command line and return the exit status. Nothing is imported before it is needed."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from sqlalint import __version__

        print(f"sqlalint {__version__}")
        return 0
    from sqlalint.replay import replay

    try:
        status = replay(sys.argv[1:])
    except OSError:  # a folder that is gone, a stream that is closed: the ordinary run says so
        status = None
    if status is not None:
        return status
    from sqlalint.cli import run

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
