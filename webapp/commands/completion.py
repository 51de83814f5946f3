"""`completion`: the script that teaches a shell the commands, providers and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from webapp.commands.group import PROGRAM, Command

VARIABLE = f"_{PROGRAM.replace('-', '_').upper()}_COMPLETE"
"""The variable by which the shell's script asks for words; click reads it."""


@click.command(cls=Command)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]), help="Which shell.")
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    For bash: eval "$(backup-credentials completion bash)"
    """
    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"There is no completion for {shell}.")
    click.echo(kind(ctx.find_root().command, {}, PROGRAM, VARIABLE).source())
