"""The options of `check` as values, with the defaults that the configuration and the command line leave."""

from collections.abc import Iterable

from msgspec import Struct

from sqlalint.config.errors import UsageError
from sqlalint.report.formats import STATISTICS


class CheckOptions(Struct, frozen=True, kw_only=True):
    """The options of `check` as they were given; None and empty are *not given*."""

    paths: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    per_file_ignores: tuple[str, ...] = ()
    confidence: str | None = None
    severity: str | None = None
    fail_on: str | None = None
    history: bool = False
    base: str | None = None
    hook: bool = False
    new_since: str | None = None
    diff_base: str | None = None
    stdin_filename: str | None = None
    output_format: tuple[str, ...] = ()
    output_file: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    force_exclude: bool = False
    config: str | None = None
    isolated: bool = False
    cache_dir: str | None = None
    no_cache: bool = False
    jobs: int | None = None
    exit_zero: bool = False
    quiet: bool = False
    verbose: bool = False
    color: str = "auto"
    statistics: bool = False
    show_files: bool = False
    show_settings: bool = False
    add_ignore: str | None = None
    baseline: str | None = None
    strict_baseline: bool = False
    fix: bool = False
    unsafe_fixes: bool = False
    fix_only: bool = False
    diff: bool = False

    @property
    def fixes(self) -> bool:
        """Whether anything is to be fixed, or shown as it would be."""
        return self.fix or self.fix_only or self.diff

    @property
    def reads_stdin(self) -> bool:
        """Whether standard input is a file to check."""
        return self.stdin_filename is not None or "-" in self.paths

    @property
    def excluded(self) -> tuple[str, ...]:
        """The patterns of `--exclude`."""
        return _split(self.exclude)

    @property
    def named(self) -> frozenset[str]:
        """What `--select` and `--extend-select` ask for, in lower case."""
        return frozenset(word.lower() for word in _split((*self.select, *self.extend_select)))

    @property
    def outputs(self) -> list[tuple[str, str | None]]:
        """Each format with its file; None is standard output. Raises `UsageError`."""
        formats, files = self.output_format or ("full",), self.output_file
        if self.add_ignore is not None and self.fixes:
            raise UsageError("--add-ignore: writes comments for what is found; fix first, in a run of its own")
        if self.diff and files:
            raise UsageError("--diff: prints a diff to standard output; there is nothing to write to an --output-file")
        if len(files) > len(formats):
            raise UsageError("--output-file: there are more files than formats; the n-th file takes the n-th format")
        if len(formats) > len(files) + 1:
            raise UsageError(
                "--output-format: only one format goes to standard output; give the others an --output-file"
            )
        unfit = [name for name in formats if self.statistics and name not in STATISTICS]
        if unfit:
            raise UsageError(f"--statistics: not in the format {unfit[0]}; full, concise and json have it")
        return [(name, files[n] if n < len(files) else None) for n, name in enumerate(formats)]


def _split(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())
