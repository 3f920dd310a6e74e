"""The commit against which is told what is new: the first that resolves of what users, CI and git say."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalint.source.git import Git, GitProblem

_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master")
_WHOLE = "fetch the whole history (`fetch-depth: 0` in actions/checkout)"
_SHALLOW = f"{_WHOLE}, or set `start-after`"


@dataclass(frozen=True)
class Base:
    """A commit, and how it was found."""

    commit: str
    name: str


@dataclass(frozen=True)
class Baseless:
    """Why there is no base, and what helps."""

    reason: str
    remedy: str


class NoFork(Exception):
    """There is no commit to compare with: why, and what helps."""


class UnknownReference(Exception):
    """The reference of `--base` names no commit here."""

    def __init__(self, reference: str) -> None:
        super().__init__(f"`{reference}` names no commit")
        self.reference = reference


def find_base(
    git: Git,
    option: str | None = None,
    configured: str | None = None,
    variables: Mapping[str, str] | None = None,
    *,
    hook: bool = False,
) -> Base | Baseless:
    """The base. Raises `UnknownReference` where `option` (`--base`) names no commit; all else falls to the next.

    `configured` is `base` of the configuration, `variables` the environment. A `hook` looks at a commit that is being
    made: HEAD is its parent, and the base where the history has none before it.
    """
    try:
        head = git.commit("HEAD")
        if option is not None:
            found = git.commit(option)
            if found is None:
                raise UnknownReference(option)
            return Base(found, option)
        if head is None:
            return Baseless("nothing is committed yet", "commit, or set `start-after`")
        for name in (configured, *_of_ci(os.environ if variables is None else variables)):
            found = git.commit(name) if name else None
            if name and found is not None:
                return Base(found, name)
        return _of_history(git, head, hook and git.is_changed(head))
    except GitProblem as problem:
        if option is not None:
            raise UnknownReference(option) from problem
        return _of_problem(problem)


def _of_ci(variables: Mapping[str, str]) -> Iterator[str]:
    """What CI systems and pre-commit say; GitHub's is the bare name of a branch, which a checkout has below `origin`."""
    branch = variables.get("GITHUB_BASE_REF", "")
    if branch:
        yield branch
        yield f"origin/{branch}"
    for name in ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "BITBUCKET_PR_DESTINATION_COMMIT", "PRE_COMMIT_FROM_REF"):
        yield variables.get(name, "")


def _of_history(git: Git, head: str, parent: bool) -> Base | Baseless:
    """The base that branches give. `parent`: HEAD is not what is looked at, but its parent."""
    shallow = git.is_shallow
    parents = git.parents(head)
    own = Base(head, "HEAD") if parent else None
    if shallow and len(parents) > 1 and git.commit(parents[0]) is not None:
        return Base(parents[0], "the first parent of HEAD")
    known = False
    for branch in _BRANCHES:
        tip = git.commit(branch)
        base = git.merge_base(tip, head) if tip else None
        known = known or tip is not None
        if base is None:
            continue
        if base != head:
            return Base(base, f"the merge base with {branch}")
        if own:
            return own
        if parents and git.commit(parents[0]) is not None:
            return Base(parents[0], "the first parent of HEAD")
        break
    if own:
        return own
    if shallow:
        return Baseless("the clone is too shallow to compare with", _SHALLOW)
    if not known:
        return Baseless(f"none of {', '.join(_BRANCHES)} is there to compare with", "set `base` or `start-after`")
    return Baseless("there is no earlier commit to compare with", "set `start-after`")


def find_fork(git: Git, reference: str) -> Base:
    """The merge base of a reference and HEAD: what others have put on the reference since is not new here.

    A name that is no commit is tried below `origin/` too: a checkout of CI has no local branches. Raises `NoFork`.
    """
    try:
        found = [(name, commit) for name in (reference, f"origin/{reference}") if (commit := git.commit(name))]
        if not found:
            raise NoFork(f"`{reference}` names no commit{_if_shallow(git)}")
        name, commit = found[0]
        if git.commit("HEAD") is None:
            raise NoFork("nothing is committed yet")
        fork = git.merge_base(commit, "HEAD")
        if fork is None:
            raise NoFork(f"`{name}` and HEAD have no commit in common{_if_shallow(git)}")
    except GitProblem as problem:
        raise NoFork(problem.message) from None
    return Base(fork, name)


def _if_shallow(git: Git) -> str:
    """What to do where a shallow clone may be why."""
    return f"; the clone is shallow: {_WHOLE}" if git.is_shallow else ""


def _of_problem(problem: GitProblem) -> Baseless:
    match problem.kind:
        case "refused":
            remedy = "`git config --global --add safe.directory` with its path, or set `start-after`"
        case "absent" | "none":
            remedy = "set `start-after`"
        case _:
            remedy = "set `base` or `start-after`"
    return Baseless(problem.message, remedy)


def changed_files(git: Git, base: Base) -> frozenset[str]:
    """The files that are absent from the base or have changed since, untracked ones included.

    Where the base has moved on since the branch began, what was changed only there is not new here.
    """
    against = git.changed_since(base.commit)
    fork = git.merge_base(base.commit, "HEAD")
    if fork is None or fork == base.commit:
        return frozenset(against)
    since = git.changed_since(fork)
    return frozenset(p for p, absent in against.items() if absent or p in since)
