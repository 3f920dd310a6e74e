"""Path patterns as ruff and pre-commit users write them, translated to regular expressions."""

import functools
import re

from msgspec import Struct


@functools.lru_cache(maxsize=512)
def glob(pattern: str) -> re.Pattern[str]:
    """The expression that matches a whole path. `*` crosses `/`, `**/` stands for any folders or none, `{a,b}` for either."""
    return re.compile(_translate(pattern), re.DOTALL)


def _translate(pattern: str) -> str:
    out, i, depth = [], 0, 0
    while i < len(pattern):
        rest = pattern[i:]
        char = pattern[i]
        if rest.startswith("**/") and (i == 0 or pattern[i - 1] == "/"):
            out.append("(?:.*/)?")
            i += 3
            continue
        if char == "[" and "]" in rest[2:]:
            end = pattern.index("]", i + 2)
            body = pattern[i + 1 : end].replace("\\", "\\\\")
            out.append("[^" + body[1:] + "]" if body[0] in "!^" else "[" + body + "]")
            i = end + 1
            continue
        if char == "{" and "}" in rest:
            depth += 1
            out.append("(?:")
        elif char == "}" and depth:
            depth -= 1
            out.append(")")
        elif char == "," and depth:
            out.append("|")
        else:
            out.append(".*" if char == "*" else "." if char == "?" else re.escape(char))
        i += 1
    return "".join(out) + r"\Z"


class Anchored(Struct, frozen=True):
    """A pattern that counts from another folder than paths do: from one above (paths are in `below` of it), or inside."""

    pattern: str
    below: str = ""
    inside: str = ""

    def match(self, path: str) -> bool:
        """Whether a whole path matches."""
        if self.inside and not path.startswith(f"{self.inside}/"):
            return False
        inner = path[len(self.inside) + 1 :] if self.inside else path
        return bool(glob(_cleaned(self.pattern)).match(f"{self.below}/{inner}" if self.below else inner))


Pattern = str | Anchored


def _is_name(pattern: str) -> bool:
    return "/" not in pattern.rstrip("/")


def _cleaned(pattern: str) -> str:
    return pattern.removeprefix("./").strip("/")


class Patterns:
    """Patterns for files and folders. One without `/` matches a name anywhere, one with `/` a path from its folder on."""

    def __init__(self, patterns: tuple[Pattern, ...]) -> None:
        plain = [p if isinstance(p, str) else p.pattern for p in patterns]
        names = [p.rstrip("/") for p in plain if _is_name(p)]
        self._plain = frozenset(p for p in names if not any(c in p for c in "*?[{"))
        self._globs = [glob(p) for p in names if p not in self._plain]
        self._path_globs = [glob(_cleaned(p)) for p in patterns if isinstance(p, str) and not _is_name(p)]
        self._anchored = [p for p in patterns if isinstance(p, Anchored) and not _is_name(p.pattern)]
        self._folders: dict[str, bool] = {"": False}

    def match(self, path: str) -> bool:
        """Whether the path itself matches, whatever folder it is in."""
        name = path.rpartition("/")[2]
        return (
            name in self._plain
            or any(g.match(name) for g in self._globs)
            or any(g.match(path) for g in self._path_globs)
            or any(a.match(path) for a in self._anchored)
        )

    def match_below(self, path: str) -> bool:
        """Whether the path or any folder that it is in matches."""
        return self._match_folder(path.rpartition("/")[0]) or self.match(path)

    def _match_folder(self, folder: str) -> bool:
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._match_folder(folder.rpartition("/")[0]) or self.match(folder)
        return known
