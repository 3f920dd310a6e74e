"""The hooks of this checkout, installed by the real pre-commit: once for all tests, whoever of pytest's workers runs them."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.harness import ROOT
from tests.scratch import Repository, git_environment

SHIPPED = ("src", "pyproject.toml", "README.md", ".pre-commit-hooks.yaml")


class Hooks:
    """pre-commit, with a repository of hooks that holds this checkout as it is on disk."""

    def __init__(self, home: Path, source: Path) -> None:
        self.source = source
        self._home = home

    @property
    def environment(self) -> dict[str, str]:
        """What a run of pre-commit gets: the package comes from its own installation, and from nowhere else."""
        kept = {k: v for k, v in git_environment().items() if k not in ("PYTHONPATH", "NO_COLOR", "FORCE_COLOR")}
        return {**kept, "PRE_COMMIT_HOME": str(self._home), "PYTHONIOENCODING": "utf-8"}

    @property
    def revision(self) -> str:
        """The commit of the repository of hooks."""
        command = ["git", "rev-parse", "HEAD"]
        return subprocess.run(command, cwd=self.source, capture_output=True, text=True, check=True).stdout.strip()

    def configure(self, repository: Repository, *hooks: str, args: Sequence[str] = ()) -> None:
        """Commit a configuration with these hooks."""
        wanted = [{"id": hook, **({"args": list(args)} if args else {})} for hook in hooks]
        # JSON is YAML, and names of folders need no care
        configuration = {"repos": [{"repo": str(self.source), "rev": self.revision, "hooks": wanted}]}
        repository.commit({".pre-commit-config.yaml": json.dumps(configuration)})

    def run(self, repository: Repository, *arguments: str) -> tuple[int, str]:
        """The exit status and the output of `pre-commit run`."""
        return self("run", *arguments, folder=repository.folder)

    def __call__(self, *arguments: str, folder: Path) -> tuple[int, str]:
        """The exit status and the output of `pre-commit`."""
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", *arguments],
            cwd=folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=600,
        )  # fmt: skip
        return done.returncode, done.stdout.decode("utf-8")


@pytest.fixture(scope="session")
def hooks(tmp_path_factory: pytest.TempPathFactory) -> Hooks:
    """The hooks, installed. Of several workers one does it: pre-commit has a lock, and knows what it has."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    installed = Hooks(folder / "pre-commit", _source(tmp_path_factory.mktemp("hooks"), folder / "sqlalint"))
    repository = Repository(tmp_path_factory.mktemp("project"))
    installed.configure(repository, "sqlalint")
    status, out = installed("install-hooks", folder=repository.folder)
    assert status == 0, out
    return installed


def _source(own: Path, shared: Path) -> Path:
    """A repository with what is shipped, made by one of the workers."""
    for name in SHIPPED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, own / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, own / name)
    repository = Repository(own)
    repository.git("add", ".")
    repository.commit()
    try:
        own.rename(shared)
    except OSError:  # another was first
        if not shared.is_dir():
            raise
    return shared
