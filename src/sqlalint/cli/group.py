"""The `sqlalint` command: its subcommands, and how every run ends."""

import sys
from typing import TYPE_CHECKING, Any

import click

from sqlalint import __version__
from sqlalint.cli.terminal import close_quietly, complain
from sqlalint.config.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "check": "Analyse a project and report what hurts.",
    "init": "Write a configuration, and a baseline of what is found now.",
    "baseline": "Write down what check reports now, so that it reports only what is new.",
    "rule": "Print the page of a rule.",
    "rules": "List all rules.",
    "config": "Print what was inferred of a project, and from where.",
    "why": "Print what is believed at a line, and which rules came near.",
}
CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Commands(click.Group):
    """A group that imports a command when it is called; what is no command is a path to check."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        import importlib

        if cmd_name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"sqlalint.cli.{cmd_name}").command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put in `check` where no command is named; a shell that completes the first word is to be offered both."""
        if not args and ctx.resilient_parsing:
            return super().parse_args(ctx, args)
        if not args or (args[0] not in COMMANDS and args[0] not in ("-h", "--help", "-V", "--version")):
            args = ["check", *args]
        return super().parse_args(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands, and what may follow `check`, which need not be said."""
        from click.shell_completion import CompletionItem

        if incomplete[:1] == "-":
            check = self.get_command(ctx, "check")
            options = check.shell_complete(click.Context(check, parent=ctx), incomplete) if check else []
            known = {option.value for option in options}
            return [*options, *(o for o in click.Command.shell_complete(self, ctx, incomplete) if o.value not in known)]
        commands = [CompletionItem(name, help=text) for name, text in COMMANDS.items() if name.startswith(incomplete)]
        return [CompletionItem(incomplete, type="file"), *commands]  # in bash a file goes first, or hides the rest

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their summaries, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Commands, context_settings=CONTEXT, subcommand_metavar="[COMMAND] [OPTIONS] [PATH]...")
@click.version_option(__version__, "-V", "--version", prog_name="sqlalint", message="%(prog)s %(version)s")
def group() -> None:
    """Finds what hurts in production in SQLAlchemy and Alembic code, without importing it.

    `sqlalint PATH` is short for `sqlalint check PATH`.
    """


def run(arguments: list[str]) -> int:
    """Run a command line and return its exit status.

    0: nothing to report; 1: findings; 2: the run is in question; 130: interrupted.
    """
    try:
        result: Any = group.main(arguments, prog_name="sqlalint", standalone_mode=False, obj=tuple(arguments))
        status = result if isinstance(result, int) else 0
        sys.stdout.flush()
        return status
    except UsageError as problem:
        return _refuse(str(problem))
    except click.UsageError as problem:
        hint = f"\nTry `{problem.ctx.command_path} --help`." if problem.ctx else ""
        return _refuse(problem.format_message() + hint)
    except click.ClickException as problem:
        return _refuse(problem.format_message())
    except (KeyboardInterrupt, click.Abort):
        print("Interrupted.", file=sys.stderr)
        return 130
    except BrokenPipeError:
        close_quietly(sys.stdout)
        return 0
    except Exception as problem:
        return _apologise(problem, verbose=not {"-v", "--verbose"}.isdisjoint(arguments))


def _refuse(message: str) -> int:
    complain(f"error: {message}")
    return 2


def _apologise(problem: Exception, verbose: bool) -> int:
    """Tell of a defect of sqlalint itself, in one line unless asked for more."""
    import traceback

    frame = traceback.extract_tb(problem.__traceback__)[-1]
    where = f"{frame.filename.rpartition('sqlalint')[2].lstrip('/')}:{frame.lineno}"
    complain(f"error: {type(problem).__name__}: {problem} (in {where})")
    complain("this is a bug in sqlalint; please report it with the output of the same command with -v")
    if verbose:
        traceback.print_exception(problem)
    return 2
