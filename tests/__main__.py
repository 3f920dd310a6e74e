"""All checks, in the order in which they are quick: `python -m tests`. Further arguments go to pytest.

Runs every check even if one fails, and says at the end which did. Exit status 1 if any failed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CHECKS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command as run; run()"],
    "mypy": ["-m", "mypy"],
    "pytest": ["-m", "pytest", "-n", str(min(2, os.cpu_count() or 1)), "--dist", "loadgroup"],
}


def main(arguments: list[str]) -> int:
    """Run the checks; the number of those that failed, at most 1."""
    results: dict[str, tuple[bool, float]] = {}
    for name, command in CHECKS.items():
        print(f"--- {name}", flush=True)
        started = time.monotonic()
        more = arguments if name == "pytest" else []
        status = subprocess.run([sys.executable, *command, *more], cwd=ROOT, check=False).returncode
        results[name] = (status == 0, time.monotonic() - started)
    print()
    for name, (good, seconds) in results.items():
        print(f"{'passed' if good else 'FAILED'}  {name}  {seconds:.0f} s")
    return 0 if all(good for good, _ in results.values()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
