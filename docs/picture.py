"""Makes `docs/picture.svg`: what a terminal shows of a run over the small application of the fixtures.

`python -m docs.picture` makes it anew, as `python -m docs.generate` does; a test holds that it shows what is printed.
"""

import io
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs" / "picture.svg"
FOLDER = ROOT / "fixtures" / "projects" / "blog"
COMMAND = ("--select", "loading")
COLUMNS = 110
FONT = "ui-monospace, 'Fira Code', Menlo, Consolas, 'DejaVu Sans Mono', monospace"
SVG = """\
<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: FONT; font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
.{unique_id}-title {{ font-family: sans-serif; font-size: 18px; font-weight: bold; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal"><rect x="0" y="0" width="{terminal_width}" height="{terminal_height}"/></clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("FONT", FONT)


class Terminal(io.StringIO):
    """Standard output as a terminal."""

    def isatty(self) -> bool:
        return True


@contextmanager
def a_terminal() -> Iterator[Terminal]:
    """Standard output and the environment as in a terminal, in the folder of the application."""
    variables = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
    variables |= {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    before = os.getcwd()
    os.chdir(FOLDER)
    try:
        with ExitStack() as stack:
            stack.enter_context(mock.patch.dict(os.environ, variables, clear=True))
            stack.enter_context(redirect_stderr(io.StringIO()))
            yield stack.enter_context(redirect_stdout(Terminal()))
    finally:
        os.chdir(before)


def printed() -> str:
    """What the command prints, with its colours."""
    from sqlalint.cli import run

    with a_terminal() as out:
        run([*COMMAND, "--no-cache"])
    return out.getvalue()


def picture(text: str) -> str:
    """The picture of what is printed, the command above it. It is the same for the same text."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    console.print(Text(f"$ sqlalint {' '.join(COMMAND)}", style="bold"))
    console.print(Text.from_ansi(text), highlight=False)
    made = console.export_svg(title="sqlalint", theme=SVG_EXPORT_THEME, code_format=SVG, unique_id="sqlalint")
    return "\n".join(line.rstrip() for line in made.splitlines()) + "\n"


def words(svg: str) -> str:
    """The words that a picture shows: they are the same in whatever way it is drawn."""
    texts = [e for e in ET.fromstring(svg).iter() if e.tag.endswith("}text")]
    return " ".join(" ".join(e.text or "" for e in texts).split())


def main() -> None:
    """Make the picture anew, if it shows something else."""
    made = picture(printed())
    if not PICTURE.exists() or words(PICTURE.read_text(encoding="utf-8")) != words(made):
        PICTURE.write_text(made, encoding="utf-8")


if __name__ == "__main__":
    main()
