"""git, asked carefully: without hooks, helpers, prompts, locks or the network, and never for long.

Everything here answers for people: a `GitProblem` says in one sentence why git does not help. Nothing is written.
"""

import os
import subprocess
from collections.abc import Callable, Container, Sequence
from types import TracebackType

from sqlalint.source.files import DEFAULT_EXCLUDES, work_tree_of
from sqlalint.source.glob import Pattern, Patterns

_TIMEOUT = 60.0
# Settings of a repository that would run programs or write to it.
_SAFE = (
    "--no-pager", "--literal-pathspecs",
    "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.devnull, "-c", "core.untrackedCache=false",
    "-c", "diff.external=", "-c", "core.quotePath=false",
)  # fmt: skip
# What a hook of git sets for its own repository, which need not be the one that is looked at.
_FOREIGN = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_NAMESPACE"})


class GitProblem(Exception):
    """git is absent, refuses, or does not know what it is asked for. `kind` is `absent` (no git program), `none` (no
    repository), `refused` (an owner that git does not trust), `unknown` (no such commit), `slow` or `failed`."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind, self.message = kind, message


class Git:
    """The repository that a folder is in. `folder` is the project root; paths are relative to it."""

    def __init__(self, folder: str, timeout: float = _TIMEOUT) -> None:
        self.folder = folder
        self._timeout = timeout

    def run(self, *arguments: str) -> bytes:
        """A command's standard output. Raises `GitProblem`."""
        try:
            done = subprocess.run(
                ["git", *_SAFE, *arguments],
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=self._timeout,
                check=False,
            )
        except FileNotFoundError:
            raise GitProblem("absent", "there is no git program") from None
        except subprocess.TimeoutExpired:
            raise GitProblem("slow", f"git {arguments[0]} took more than {self._timeout:.0f} seconds") from None
        except OSError as problem:
            raise GitProblem("failed", f"git cannot be run: {problem.strerror or problem}") from None
        if done.returncode:
            raise _problem(done.stderr.decode("utf-8", "replace"))
        return done.stdout

    def commit(self, reference: str) -> str | None:
        """The full id of the commit that a reference names, None where there is none. Raises `GitProblem` for others."""
        if not reference or reference.startswith("-"):
            return None
        try:
            return (
                self.run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{reference}^{{commit}}")
                .decode()
                .strip()
            )
        except GitProblem as problem:
            if problem.kind in ("unknown", "failed"):
                return None
            raise

    @property
    def is_shallow(self) -> bool:
        """Whether the clone lacks its older history."""
        return self.run("rev-parse", "--is-shallow-repository").strip() == b"true"

    def parents(self, commit: str) -> list[str]:
        """The parents of a commit, the first one first; those that a shallow clone hides are missing."""
        return self.run("rev-list", "--parents", "-n", "1", commit).decode().split()[1:]

    def merge_base(self, one: str, other: str) -> str | None:
        """The (first) best common ancestor, None where there is none in sight."""
        try:
            return self.run("merge-base", one, other).decode().strip() or None
        except GitProblem as problem:
            if problem.kind in ("unknown", "failed"):
                return None
            raise

    def changed_since(self, commit: str) -> dict[str, bool]:
        """The files of the working tree that differ from a commit, untracked ones included; True: not in the commit."""
        listed = self.run(
            "diff", "--name-status", "-z", "--relative", "--no-renames", "--no-ext-diff", "--no-textconv",
            "--ignore-submodules=all", commit, "--", ".",
        )  # fmt: skip
        fields = [os.fsdecode(f) for f in listed.split(b"\0")]
        changed = {p: s == "A" for s, p in zip(fields[0::2], fields[1::2], strict=False) if s != "D"}
        untracked = self.run("ls-files", "-z", "--others", "--exclude-standard", "--", ".")
        paths = [os.fsdecode(p) for p in untracked.split(b"\0") if p]
        in_commit = self.files_of(commit) if paths else {}
        changed.update((p, p not in in_commit) for p in paths)
        return changed

    def is_changed(self, commit: str) -> bool:
        """Whether tracked files differ from a commit."""
        return bool(
            self.run(
                "diff", "--name-only", "-z", "--no-ext-diff", "--no-textconv", "--ignore-submodules=all", commit, "--",
            )
        )  # fmt: skip

    def tracked(self) -> frozenset[str]:
        """The files of the index below the folder; of submodules their folders."""
        listed = self.run("ls-files", "-z", "--cached", "--", ".")
        return frozenset(os.fsdecode(p) for p in listed.split(b"\0") if p)

    def files_of(self, commit: str) -> dict[str, str]:
        """The regular files of a commit below the folder, with the ids of their contents."""
        return self._entries(commit, (b"100644", b"100755", b"100664"))

    def submodules_of(self, commit: str) -> dict[str, str]:
        """The submodules of a commit below the folder, with the ids of their commits."""
        return self._entries(commit, (b"160000",))

    def _entries(self, commit: str, modes: Container[bytes]) -> dict[str, str]:
        listed = self.run("ls-tree", "-r", "-z", commit, "--", ".")
        found: dict[str, str] = {}
        for entry in listed.split(b"\0"):
            meta, _, path = entry.partition(b"\t")
            mode, _, rest = meta.partition(b" ")
            if mode in modes:
                found[os.fsdecode(path)] = rest.split()[1].decode()
        return found


class CommitTree:
    """The files of a commit below the project root (see `Tree`). Use it as a context manager: it keeps a process.

    `wanted` says by its path whether a file is of interest at all; `excludes` are left out. `named`, `force_exclude` and
    `only_named` are as for `WorkingTree`. What an ignore file matches and is committed all the same belongs to it, and so
    does what is in submodules that are checked out.
    """

    def __init__(
        self,
        git: Git,
        commit: str,
        *,
        wanted: Callable[[str], bool] = lambda _: True,
        excludes: Sequence[Pattern] = DEFAULT_EXCLUDES,
        named: Sequence[str] = (),
        force_exclude: bool = False,
        only_named: bool = False,
    ) -> None:
        self._git = git
        self._commit = commit
        self._wanted = wanted
        self._excludes = Patterns(tuple(excludes))
        self._named = () if force_exclude else tuple(named)
        self._only_named = only_named
        self._files: dict[str, str] | None = None
        self._submodules: dict[str, CommitTree] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "CommitTree":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def paths(self) -> list[str]:
        """The paths of all files, sorted. Raises `GitProblem`."""
        wanted = [p for p in self._all() if self._wanted(p) and _is_text(p)]
        kept = set() if self._only_named else {p for p in wanted if not self._excludes.match_below(p)}
        for name in self._named:
            folder = f"{name}/"
            if name not in ("", ".") and not any(p.startswith(folder) for p in kept):
                inside = [p for p in wanted if p.startswith(folder)]
                kept.update(p for p in inside if not self._excludes.match_below(p[len(folder) :]))
        kept.update(p for p in wanted if p in self._named)
        return sorted(kept)

    def read(self, path: str) -> bytes:
        """A file's bytes as they are in the commit. Raises `OSError`."""
        identity = self._all().get(path)
        for folder, inner in self._submodules.items():
            if path.startswith(f"{folder}/"):
                return inner.read(path[len(folder) + 1 :])
        if identity is None:
            raise FileNotFoundError(2, "no such file in the commit", path)
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(identity.encode() + b"\n")
        process.stdin.flush()
        header = process.stdout.readline().split()
        if len(header) != 3:
            raise OSError(5, "git does not have the content of this file")
        content = process.stdout.read(int(header[2]))
        process.stdout.read(1)
        return content

    def close(self) -> None:
        """End the processes that read."""
        for inner in self._submodules.values():
            inner.close()
        process, self._process = self._process, None
        if process is not None:
            process.communicate()

    def _all(self) -> dict[str, str]:
        if self._files is None:
            self._files = self._git.files_of(self._commit)
            if os.path.exists(os.path.join(work_tree_of(self._git.folder) or "", ".gitmodules")):
                self._add_submodules(self._files)
        return self._files

    def _add_submodules(self, files: dict[str, str]) -> None:
        """Add the files of the submodules that are there now."""
        for folder, commit in self._git.submodules_of(self._commit).items():
            git = Git(os.path.join(self._git.folder, folder))
            if not os.path.lexists(os.path.join(git.folder, ".git")):
                continue
            if git.commit(commit) is None:
                raise GitProblem("unknown", f"the submodule {folder} does not have its commit {commit[:12]}; fetch it")
            inner = self._submodules[folder] = CommitTree(git, commit)
            files.update((f"{folder}/{path}", identity) for path, identity in inner._all().items())

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._process is None:
            self._process = subprocess.Popen(
                ["git", *_SAFE, "cat-file", "--batch"],
                cwd=self._git.folder,
                env=environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def environment() -> dict[str, str]:
    """The environment in which git is run."""
    kept = {k: v for k, v in os.environ.items() if k not in _FOREIGN}
    return kept | {
        "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_PAGER": "cat",
    }  # fmt: skip


def _problem(said: str) -> GitProblem:
    """git's own words as a sentence, and of which kind they are."""
    first = next((line for line in said.splitlines() if line.strip()), "git failed").strip()
    first = first.removeprefix("fatal: ").removeprefix("error: ")
    if "dubious ownership" in said:
        return GitProblem("refused", "git refuses the folder, which belongs to another user")
    if "not a git repository" in said:
        return GitProblem("none", "this is no git repository")
    if "bad revision" in said or "unknown revision" in said or "Not a valid object" in said or "bad object" in said:
        return GitProblem("unknown", first)
    return GitProblem("failed", first)
