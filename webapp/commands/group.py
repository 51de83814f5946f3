"""How commands end: exit codes, errors as one line, never a traceback."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from webapp.commands.output import echo_error, print_errors
from webapp.core.errors import CredentialError
from webapp.core.presentation import one_line

PROGRAM = "backup-credentials"

ON_STDIN = (
    "Values are read from standard input as a JSON object, never from the command line, where other programs can see "
    "them."
)


class Command(click.Command):
    """A command whose errors are lines and exit codes."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; those too many are refused without being repeated, as they may be secrets."""
        ctx.allow_extra_args = True
        rest = super().parse_args(ctx, args)
        if ctx.args and not ctx.resilient_parsing:
            raise click.UsageError(f"There are too many arguments. {ON_STDIN}", ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what a person can act on becomes exit code 1."""
        try:
            return super().invoke(ctx)
        except CredentialError as error:
            print_errors(error, as_json=bool(ctx.params.get("as_json")))
            ctx.exit(1)


class SubGroup(click.Group):
    """Commands that belong together, such as `audit list` and `audit verify`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, no_args_is_help=True, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a person meets them."""
        del ctx
        return list(self.commands)


class CommandLine(click.Group):
    """The whole program."""

    def __init__(self, *, commands: Sequence[click.Command], **options: Any) -> None:
        super().__init__(no_args_is_help=True, **options)
        for command in commands:
            self.add_command(command)
        click.version_option(package_name=PROGRAM, prog_name=PROGRAM)(self)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which a person meets them."""
        del ctx
        return list(self.commands)

    def main(self, *args: Any, standalone_mode: bool = True, **extra: Any) -> Any:  # type: ignore[override]
        """Run and end with an exit code; tests ask for `standalone_mode=False` to keep the exceptions."""
        if not standalone_mode:
            return super().main(*args, standalone_mode=False, **extra)
        use_any_terminal()
        sys.exit(self.run(*args, **extra))

    def run(self, *args: Any, **extra: Any) -> int:
        """Run and return the exit code."""
        try:
            code = super().main(*args, standalone_mode=False, **{"prog_name": PROGRAM, **extra})
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            return error.exit_code
        except click.ClickException as error:
            echo_error(f"{usage_sentence(error)}{where_help_is(error)}")
            return error.exit_code
        except (click.Abort, KeyboardInterrupt):
            echo_error("Stopped.")
            return 130
        except Exception as error:  # noqa: BLE001  the last door: no traceback reaches a person
            echo_error(unexpected(error))
            return 1
        return code if isinstance(code, int) else 0


def usage_sentence(error: click.ClickException) -> str:
    """Return what click found as a sentence; a value that was typed with an unknown option is not repeated."""
    if isinstance(error, click.NoSuchOption):
        return f"There is no option {one_line(error.option_name.split('=')[0][:40])}. {ON_STDIN}"
    text = one_line(error.format_message())
    return text if text.endswith((".", "?", "!")) else text + "."


def where_help_is(error: click.ClickException) -> str:
    """Return where to read on after a wrong usage."""
    if not isinstance(error, click.UsageError) or error.ctx is None:
        return ""
    return f" ({error.ctx.command_path} --help says more.)"


def unexpected(error: BaseException) -> str:
    """Say that something broke and where, without the text of the error, which may hold a value."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name} line {frames[-1].lineno}" if frames else "an unknown place"
    return f"Something broke inside: {type(error).__name__} at {place}. Nothing more is shown, as it may hold a secret."


def use_any_terminal() -> None:
    """Let every text be printed, also on a terminal that lacks some letters."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
