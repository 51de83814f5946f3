"""`import`: takes credentials over from other tools' files."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json, table
from webapp.core.errors import PermanentError
from webapp.core.presentation import one_line
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.imports import Found, Item, Plan

LARGEST = 64 * 1024 * 1024
LONGEST_PASSWORD = 4096


@click.command("import", cls=Command)
@click.argument("file", type=click.Path(path_type=Path), help="The file.")
@click.option(
    "--kind",
    type=click.Choice(("rclone", "aws", "truenas", "restic")),
    help="What the file is, when it is not recognised.",
)
@click.option("--rename", is_flag=True, help="Put a number behind a name that is in use, instead of skipping it.")
@click.option("--yes", is_flag=True, help="Import without asking.")
@json_option
@with_settings(Scope.EVERY)
def import_command(settings: Settings, file: Path, kind: str | None, *, rename: bool, yes: bool, as_json: bool) -> None:
    """Import an rclone.conf, an AWS credentials file, a TrueNAS configuration or an environment file of restic.

    Shows first what would be made and what would be skipped, and why. All of it is made, or nothing. The password of an
    encrypted rclone.conf is read from standard input.
    """
    from webapp.core.imports import carry_out, names_in_use, plan  # noqa: PLC0415  the help text needs no readers

    known, found = read_with_password(content(file), kind or "")
    with opened(settings) as runtime:
        refuse_locked(runtime)
        planned = plan(known, found, names_in_use(runtime.store), rename=rename)
        show(planned, as_json=as_json)
        if not planned.made:
            raise PermanentError("There is nothing to import.")
        if not (yes or agreed(len(planned.made))):
            click.echo("Nothing was imported. Say --yes to import it.", err=True)
            return
        count = carry_out(planned, runtime.service, by=this_user(), progress=progress)
    click.echo(f"Imported {count}.", err=True)


def content(file: Path) -> bytes:
    """Return what a file holds.

    Raises:
        PermanentError: It cannot be read, or it is too large.
    """
    try:
        with file.open("rb") as opened_file:
            data = opened_file.read(LARGEST + 1)
    except OSError as error:
        raise PermanentError(f"{file} cannot be read: {error.strerror}.", field="file") from None
    if len(data) > LARGEST:
        raise PermanentError("The file is larger than 64 MiB.", field="file")
    return data


def read_with_password(data: bytes, kind: str) -> tuple[str, list[Found]]:
    """Read a file; an encrypted one is read with the password from standard input."""
    from webapp.core.imports import PasswordNeededError, read  # noqa: PLC0415

    try:
        return read(data, kind=kind)
    except PasswordNeededError:
        return read(data, kind=kind, password=password())


def password() -> str:
    """Return a password: typed without being shown, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Password of the file: ")
    return sys.stdin.readline(LONGEST_PASSWORD).rstrip("\r\n")


def show(planned: Plan, *, as_json: bool) -> None:
    """Print the preview; it holds no value."""
    if as_json:
        echo_json({"kind": planned.kind, "items": [described(item) for item in planned.items]})
        return
    click.echo(table([("NAME", "PROVIDER", "WHAT HAPPENS"), *map(row, planned.items)]))


def described(item: Item) -> dict[str, Any]:
    """Return one line of the preview, for JSON."""
    return {
        "name": item.name,
        "provider": item.found.provider,
        "skipped": item.skipped,
        "left_out": list(item.found.left_out),
        "repository": item.found.repository,
    }


def row(item: Item) -> tuple[str, str, str]:
    """Return one line of the preview."""
    return one_line(item.name), item.found.provider, one_line(item.happens)


def agreed(count: int) -> bool:
    """Ask whether to import; nobody can be asked where there is no terminal."""
    return sys.stdin.isatty() and click.confirm(f"Import {count}?", err=True)


def progress(done: int, total: int) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty():
        click.echo(f"\r{done} of {total}", nl=done == total, err=True)
