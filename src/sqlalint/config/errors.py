"""What is wrong with an option, said so that it can be mended."""


class UsageError(Exception):
    """A bad option, configuration, path or git reference: the run ends with status 2 before anything is analysed."""


def nearest(word: str, known: list[str]) -> str:
    """`; did you mean ...?` with the nearest of the known words, or "" where none is near."""
    import difflib

    found = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean `{found[0]}`?" if found else ""
