"""`export`: a credential in a tool's own shape."""

from __future__ import annotations

import os
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.commands.credentials.formatting import format_options, read_options
from webapp.commands.group import Command
from webapp.commands.options import CredentialName, json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json
from webapp.core.errors import PermanentError
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.formats import Rendered


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@format_options
@click.option("--output", type=click.Path(path_type=Path), metavar="FOLDER", help="Write files that only you can read.")
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.option("--kubernetes", is_flag=True, help="Print the manifest of a Kubernetes Secret.")
@click.option(
    "--secret-name", default="", metavar="NAME", help="The Secret's name; made from the credential's if empty."
)
@json_option
@with_settings(Scope.EVERY)
def export(
    settings: Settings,
    name: str,
    format_key: str,
    options: tuple[str, ...],
    option_files: tuple[str, ...],
    output: Path | None,
    *,
    force: bool,
    kubernetes: bool,
    secret_name: str,
    as_json: bool,
) -> None:
    """Print a credential in the shape that a backup tool reads, secrets included."""
    from webapp.core.formats import find_format  # noqa: PLC0415  the help text needs no formats
    from webapp.core.formats.delivery import in_files, manifest, resource_name  # noqa: PLC0415
    from webapp.core.store.audit import Action  # noqa: PLC0415

    with opened(settings) as runtime:
        refuse_locked(runtime, Action.READ)
        credential = runtime.store.credentials.find(name)
        raw = read_options(find_format(format_key), options, option_files)
        made = runtime.formats.render(credential.id, format_key, raw, by=this_user())
    if output:
        write(output, in_files(made), force=force)
        click.echo(f"Written to {output}.", err=True)
    elif kubernetes:
        click.echo("Warning: this manifest holds secrets in base64, which is no encryption.", err=True)
        click.echo(manifest(made, secret_name or resource_name(credential.name)), nl=False)
    elif as_json:
        echo_json({"type": made.secret_type, "data": {key: value.decode() for key, value in made.data.items()}})
    else:
        print_out(made)


def print_out(made: Rendered) -> None:
    """Print one file as it is, or variables as lines of a shell.

    Raises:
        PermanentError: There are several files, or both.
    """
    from webapp.core.formats.delivery import shell_lines  # noqa: PLC0415

    if not made.files.keys() & made.data.keys():
        click.echo(shell_lines(made), nl=False)
    elif len(made.data) == 1:
        sys.stdout.buffer.write(next(iter(made.data.values())))
        sys.stdout.buffer.flush()
    else:
        raise PermanentError(
            f"This is {', '.join(made.data)}. Say --output FOLDER to have files, or --kubernetes, or --json."
        )


def write(folder: Path, files: dict[str, bytes], *, force: bool) -> None:
    """Write files of mode 0600: all of them or none.

    Raises:
        PermanentError: One exists, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        existing = [name for name in files if (folder / name).exists() or (folder / name).is_symlink()]
        if existing and not force:
            raise PermanentError(f"There is already {', '.join(existing)} in {folder}. Say --force to write over it.")
        _replace(folder, files)
    except OSError as error:
        raise PermanentError(f"The folder {folder} cannot be written: {error.strerror}.") from None


def _replace(folder: Path, files: dict[str, bytes]) -> None:
    """Write each file beside its place first; a link in that place is replaced, not followed."""
    waiting: list[tuple[Path, Path]] = []
    try:
        for name, value in files.items():
            number, path = tempfile.mkstemp(dir=folder)  # mode 0600
            waiting.append((Path(path), folder / name))
            with os.fdopen(number, "wb") as file:
                file.write(value)
        for path, place in waiting:
            path.replace(place)
    finally:
        for path, _ in waiting:
            with suppress(FileNotFoundError):
                path.unlink()
