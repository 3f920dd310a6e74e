"""`.pre-commit-hooks.yaml` under the real pre-commit, in repositories as people have them."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.harness import ROOT
from tests.hooks.conftest import Hooks
from tests.scratch import APP, PAGES, QUERIES, Repository, git_environment, revision, revisions

CROSSING = {"app/queries.py": QUERIES, "app/pages.py": PAGES}
INDEXES = 'from sqlalchemy import Index\n\nfrom app.models import Post\n\nIndex("ix_posts_author", Post.author_id)\n'
# SAL106, which is mended safely
JOINED = """\
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from app.models import User


def users(session: Session) -> list[User]:
    return list(session.scalars(select(User).options(joinedload(User.posts))).all())
"""
FINDING = re.compile(r"^(\S.*?):\d+:\d+: (SAL\d+) ", flags=re.MULTILINE)

pytestmark = pytest.mark.xdist_group("pre-commit")  # else one worker only waits until the other has installed them


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "project")
    made.commit({**APP, ".gitignore": ".sqlalint_cache/\n"})
    return made


def found(hooks: Hooks, repository: Repository, *arguments: str) -> list[tuple[str, str]]:
    """The file and the code of each finding; the exit status says whether there are any."""
    status, out = hooks.run(repository, *arguments)
    findings = FINDING.findall(out)
    assert status == bool(findings), out
    assert "Traceback" not in out
    return findings


def test_try_repo_runs_each_hook(hooks: Hooks, repository: Repository) -> None:
    repository.commit(CROSSING)
    status, out = hooks("try-repo", str(hooks.source), "--all-files", "--verbose", folder=repository.folder)
    assert status == 1
    assert re.findall(r"- hook id: (\S+)", out) == ["sqlalint", "sqlalint-fix", "sqlalint-project"]
    assert FINDING.findall(out) == [("app/pages.py", "SAL101")] * 3


def test_all_files(hooks: Hooks, repository: Repository) -> None:
    repository.commit(CROSSING)
    hooks.configure(repository, "sqlalint")
    assert found(hooks, repository, "--all-files") == [("app/pages.py", "SAL101")]


def test_one_file(hooks: Hooks, repository: Repository) -> None:
    repository.commit({**CROSSING, "app/other.py": PAGES})
    hooks.configure(repository, "sqlalint")
    repository.add({"app/other.py": PAGES + "\n"})
    assert found(hooks, repository) == [("app/other.py", "SAL101")]
    repository.add({"app/other.py": "", "README": "changed"})
    assert found(hooks, repository) == []
    repository.commit()
    repository.add({"README": "changed again"})
    assert "(no files to check)Skipped" in hooks.run(repository)[1]


def test_a_finding_in_another_file_than_the_changed_one(hooks: Hooks, repository: Repository) -> None:
    repository.commit(CROSSING)
    hooks.configure(repository, "sqlalint")
    repository.add({"app/queries.py": QUERIES + "\n"})
    assert found(hooks, repository) == [("app/pages.py", "SAL101")]
    assert found(hooks, repository, "--files", "app/queries.py") == [("app/pages.py", "SAL101")]
    repository.git("restore", "--staged", "--worktree", ".")
    repository.add({"app/models.py": APP["app/models.py"] + "\n"})
    assert found(hooks, repository) == [], "the model is background"


def test_an_untracked_draft_makes_no_second_head(hooks: Hooks, repository: Repository) -> None:
    repository.commit(revisions(2))
    hooks.configure(repository, "sqlalint", "sqlalint-project", args=["--select", "SAL604"])
    repository.add({"migrations/versions/r002.py": revision(2)})
    repository.write({"migrations/versions/draft.py": revision(2, name="draft")})
    for arguments in ((), ("--all-files",)):
        assert found(hooks, repository, *arguments) == []
    repository.git("add", "--intent-to-add", "migrations/versions/draft.py")
    assert found(hooks, repository) == []
    repository.git("add", "migrations/versions/draft.py")
    assert {code for _, code in found(hooks, repository)} == {"SAL604"}


def test_of_thirty_applied_revisions_and_a_staged_one_only_that_is_open(hooks: Hooks, repository: Repository) -> None:
    repository.commit(revisions(30))
    hooks.configure(repository, "sqlalint", args=["--select", "SAL642"])
    repository.add({"migrations/versions/r030.py": revision(30)})
    wanted = [("migrations/versions/r030.py", "SAL642")]
    assert found(hooks, repository) == wanted
    assert found(hooks, repository, "--all-files") == wanted
    applied = [f"migrations/versions/r{n:03}.py" for n in range(30)]
    assert found(hooks, repository, "--files", *applied) == []


def test_thirty_applied_revisions_that_were_committed_at_once(hooks: Hooks, tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.add({**APP, **revisions(30)})
    hooks.configure(repository, "sqlalint", "sqlalint-project", args=["--select", "SAL642"])
    repository.add({"migrations/versions/r030.py": revision(30)})
    assert found(hooks, repository, "--all-files") == [("migrations/versions/r030.py", "SAL642")] * 2


def test_the_revisions_of_what_is_pushed_are_open(hooks: Hooks, repository: Repository) -> None:
    repository.commit(revisions(12))
    hooks.configure(repository, "sqlalint", args=["--select", "SAL642"])
    repository.commit({"migrations/versions/r012.py": revision(12)})
    repository.commit({"migrations/versions/r013.py": revision(13)})
    seen = found(hooks, repository, "--from-ref", "HEAD~2", "--to-ref", "HEAD")
    assert seen == [(f"migrations/versions/r{n:03}.py", "SAL642") for n in (12, 13)]


def test_no_finding_twice_where_the_list_of_files_is_split(hooks: Hooks, repository: Repository) -> None:
    """pre-commit gives at most 128 kB of file names to a process. The files of this finding are the first and the last."""
    folder = "m" * 100
    repository.commit({"a/__init__.py": "", "a/queries.py": QUERIES})
    repository.commit({"z/pages.py": PAGES.replace("app.queries", "a.queries")})
    repository.commit({f"{folder}/{'n' * 80}{n:04}.py": "" for n in range(800)})
    hooks.configure(repository, "sqlalint")
    status, out = hooks.run(repository, "--all-files")
    assert out.count("Understood ") == 2, "it was split"
    assert (status, FINDING.findall(out)) == (1, [("z/pages.py", "SAL101")])
    assert "1 finding on these files is shown above: the hook got its files in several parts." in out
    assert hooks.run(repository, "--all-files") == (status, out), "the next run starts anew"


def test_what_is_only_deleted_runs_the_hook_of_the_project(hooks: Hooks, repository: Repository) -> None:
    repository.commit({**revisions(3), "app/indexes.py": INDEXES})
    models = APP["app/models.py"].replace(", index=True", "")
    repository.commit({"app/models.py": models, "sqlalint.toml": 'select = ["SAL501", "SAL605"]\n'})
    hooks.configure(repository, "sqlalint", "sqlalint-project")
    assert found(hooks, repository, "--all-files") == []
    repository.git("rm", "--quiet", "app/indexes.py", "migrations/versions/r001.py")
    assert found(hooks, repository, "sqlalint") == []
    assert found(hooks, repository, "sqlalint-project") == [
        ("app/models.py", "SAL501"),
        ("migrations/versions/r002.py", "SAL605"),
    ]


def test_what_is_not_staged_is_not_there(hooks: Hooks, repository: Repository) -> None:
    repository.commit({"app/queries.py": QUERIES})
    hooks.configure(repository, "sqlalint", "sqlalint-project")
    repository.add({"app/pages.py": "x = 1\n"})
    repository.write({"app/pages.py": PAGES})
    assert found(hooks, repository) == []
    repository.git("add", "app/pages.py")
    assert found(hooks, repository) == [("app/pages.py", "SAL101")] * 2


def test_odd_names(hooks: Hooks, repository: Repository) -> None:
    name = "app/odd,b;c%d $(touch x) ä.py"
    repository.commit({"app/queries.py": QUERIES})
    hooks.configure(repository, "sqlalint")
    repository.add({name: PAGES, "script": "#!/usr/bin/env python\n"})
    (repository.folder / "script").chmod(0o755)
    repository.git("add", "script")
    assert found(hooks, repository) == [(name, "SAL101")]
    assert not (repository.folder / "x").exists()


def test_fixes_change_files_and_the_commit_fails_once(hooks: Hooks, repository: Repository) -> None:
    """What is changed is not staged: it is to be looked at. Files that are not of the commit are left alone."""
    repository.commit({"app/old.py": JOINED})
    hooks.configure(repository, "sqlalint-fix")
    name = "app/odd,b;c%d ä.py"
    repository.add({name: JOINED})
    (repository.folder / name).write_bytes(JOINED.replace("\n", "\r\n").encode())
    repository.git("add", name)
    repository.write({"app/draft.py": JOINED})
    status, out = hooks.run(repository)
    assert (status, FINDING.findall(out)) == (1, []), out
    assert "files were modified by this hook" in out
    mended = JOINED.replace(".all()", ".unique().all()")
    assert (repository.folder / name).read_bytes() == mended.replace("\n", "\r\n").encode()
    assert [(repository.folder / "app" / f).read_text() for f in ("old.py", "draft.py")] == [JOINED] * 2
    assert repository.git("diff", "--name-only", "-z", "--", "app").split("\0") == [name, ""]
    repository.git("add", name)
    assert found(hooks, repository) == []
    assert found(hooks, repository, "--files", "app/pages.py") == []


def test_what_cannot_be_fixed_stays_and_fails(hooks: Hooks, repository: Repository) -> None:
    repository.commit({"app/queries.py": QUERIES})
    hooks.configure(repository, "sqlalint-fix")
    repository.add({"app/pages.py": PAGES})
    before = repository.git("status", "--porcelain")
    assert found(hooks, repository) == [("app/pages.py", "SAL101")]
    assert repository.git("status", "--porcelain") == before


def configurations() -> Iterator[tuple[str, dict[str, Any]]]:
    """The configurations for pre-commit in README and docs."""
    for page in ("README.md", "docs/integrations.md"):
        for block in re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL):
            read = yaml.safe_load(block)
            if "repos" in read:
                yield page, read


@pytest.mark.parametrize(("page", "configuration"), list(configurations()), ids=[page for page, _ in configurations()])
def test_what_the_pages_say_works(
    hooks: Hooks, repository: Repository, page: str, configuration: dict[str, Any]
) -> None:
    repository.commit(CROSSING)
    (named,) = configuration["repos"]
    assert named["repo"] == "https://github.com/sqlalint/sqlalint"
    here = {**named, "repo": str(hooks.source), "rev": hooks.revision}
    repository.commit({".pre-commit-config.yaml": json.dumps({"repos": [here]})})
    assert found(hooks, repository, "--all-files") == [("app/pages.py", "SAL101")]
    if len(named["hooks"]) == 2:
        assert found(hooks, repository, "--all-files", "--hook-stage", "pre-push") == [("app/pages.py", "SAL101")] * 2


def commit(hooks: Hooks, repository: Repository, *arguments: str) -> tuple[int, str]:
    """Commit with the hook of git."""
    done = subprocess.run(
        ["git", "commit", "--message=.", *arguments],
        cwd=repository.folder, env=hooks.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_git_runs_it_and_a_commit_of_some_files_is_judged_without_the_others(
    hooks: Hooks, repository: Repository
) -> None:
    repository.commit(revisions(2))
    hooks.configure(repository, "sqlalint", "sqlalint-project", args=["--select", "SAL604"])
    assert hooks("install", folder=repository.folder)[0] == 0
    repository.write({"app/other.py": "x = 1\n"})
    repository.commit()
    repository.add({"migrations/versions/r002.py": revision(2), "app/other.py": "x = 2\n"})
    repository.git("add", ".")
    repository.add({"migrations/versions/draft.py": revision(2, name="draft")})
    status, out = commit(hooks, repository)
    assert status == 1
    assert {code for _, code in FINDING.findall(out)} == {"SAL604"}
    status, out = commit(hooks, repository, "--only", "--", "migrations/versions/r002.py", "app/other.py")
    assert status == 0, out
    assert out.count("Passed") == 2


def test_the_manifest_is_one(hooks: Hooks, repository: Repository) -> None:
    manifest = ROOT / ".pre-commit-hooks.yaml"
    assert hooks("validate-manifest", str(manifest), folder=repository.folder) == (0, "")
    declared = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    page = (ROOT / "docs/integrations.md").read_text(encoding="utf-8")
    assert all(f"| `{hook['id']}` |" in page for hook in declared)
    assert all(hook["require_serial"] and hook["language"] == "python" for hook in declared)
    flags = {"--force-exclude", "--hook"}
    assert all(flags <= set(hook["entry"].split()) and "args" not in hook for hook in declared), "args are the user's"


def test_the_tests_here_run_what_is_installed(hooks: Hooks, repository: Repository) -> None:
    assert "PYTHONPATH" not in hooks.environment
    assert "PRE_COMMIT" not in git_environment()
    assert os.path.isfile(hooks.source / ".pre-commit-hooks.yaml")
