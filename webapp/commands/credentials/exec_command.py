"""`exec`: runs a tool with a credential; no secret touches a disk or an argument list."""

from __future__ import annotations

import os
import re
import shutil
import signal
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.commands.credentials.formatting import format_options, read_options
from webapp.commands.group import Command
from webapp.commands.options import CredentialName, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_error
from webapp.core.errors import PermanentError, TransientError
from webapp.core.handover import private_folder, watch, write_private
from webapp.settings import SETTINGS, Scope, Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from webapp.core.formats import Rendered
    from webapp.core.runtime import Runtime

NOT_FOUND, NOT_RUNNABLE = 127, 126
"""Exit codes of a shell for a command that is not there or cannot be started."""

FOLDER_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Names the folder of the files to the command, as systemd's credentials do (systemd.exec(5))."""

IN_MEMORY = {"RCLONE_CONFIG": ""}
"""Keeps rclone from writing what it got for a remote of variables, a token or a session, into its own rclone.conf
(rclone.org/docs, "--config"). One that is named already stays."""

OWN_SECRETS = frozenset({"seed", "database"})
"""Settings that may hold secrets of this program; the command gets none of them."""

LEFT_BY_OTHERS: Mapping[str, tuple[str, ...]] = {
    "AWS_ACCESS_KEY_ID": ("AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"),
    "AZURE_": ("AZURE_",),
    "B2_": ("B2_",),
    "OS_": ("OS_",),
    "ST_": ("ST_",),
    "RESTIC_PASSWORD": ("RESTIC_PASSWORD_",),
    "RESTIC_REPOSITORY": ("RESTIC_REPOSITORY_",),
}
"""How the credential's own variables begin, and those that the command must not find beside them.

They belong to another log-in: a session token would be sent with the wrong key, and restic prefers
RESTIC_PASSWORD_COMMAND to RESTIC_PASSWORD."""

REMOTE = re.compile(r"RCLONE_CONFIG_(.+)_TYPE")
"""The variable of each remote of rclone; the remote's other ones begin alike."""

IGNORED_BY_PYTHON = (signal.SIGPIPE, signal.SIGXFSZ)
"""What Python ignores at its start and a command would inherit: `yes | head` would not end quietly any more."""

KEEP = "--keep-refreshed"
"""Stands among the options for the switch of that name; no option of a format can be called so."""

LOCK_SECONDS = 60.0
"""A lock ends after this time unless it is prolonged: a watcher that dies does not hold it for ever."""


@click.command("exec", cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED, help="The command, behind two hyphens.")
@format_options
@click.option(
    "--keep-refreshed",
    is_flag=True,
    help="With --format rclone: give the whole OAuth token, hold the credential meanwhile, and take back what rclone "
    "renewed.",
)
@with_settings(Scope.EVERY)
@click.pass_context
def exec_command(
    ctx: click.Context,
    settings: Settings,
    name: str,
    command: tuple[str, ...],
    format_key: str,
    options: tuple[str, ...],
    option_files: tuple[str, ...],
    *,
    keep_refreshed: bool,
) -> None:
    """Run a command with a credential in its environment.

    Files that a tool wants are kept in memory and are gone when the command has ended, however it ended. The command
    takes this program's place: signals, exit code, terminal and streams are its own. rclone keeps its own configuration
    in memory too, unless RCLONE_CONFIG names one.
    """
    raw = wished(format_key, options, option_files, keep_refreshed=keep_refreshed)
    program = found(command[0])
    folder = private_folder()
    try:
        environment, watcher = handed_over(settings, name, format_key, raw, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    watcher()
    ctx.exit(replaced(program, command, environment))


def wished(
    format_key: str, options: tuple[str, ...], option_files: tuple[str, ...], *, keep_refreshed: bool
) -> dict[str, object]:
    """Return the options of the format; the whole token is what `--keep-refreshed` asks for."""
    from webapp.core.formats import find_format  # noqa: PLC0415  the help text needs no formats

    raw = read_options(find_format(format_key), options, option_files)
    if keep_refreshed and format_key != "rclone":
        raise click.UsageError("--keep-refreshed works with --format rclone only.")
    return raw | ({KEEP: True} if keep_refreshed else {})


def handed_over(
    settings: Settings, name: str, format_key: str, raw: dict[str, object], folder: Path
) -> tuple[dict[str, str], Callable[[], object]]:
    """Write the files; return the command's environment and what starts the watcher, or removes an empty folder."""
    from webapp.core.formats import find_format  # noqa: PLC0415
    from webapp.core.store.audit import Action  # noqa: PLC0415

    keep = bool(raw.pop(KEEP, False))
    watcher = partial(watch, folder)
    if any(option.key == "folder" for option in find_format(format_key).options):
        raw.setdefault("folder", str(folder))
    with opened(settings) as runtime:
        refuse_locked(runtime, Action.READ)
        credential_id = runtime.store.credentials.find(name).id
        if keep:
            raw["token"] = "whole"
            watcher = _holding(runtime, settings, credential_id, folder)
        made = runtime.formats.render(credential_id, format_key, raw, by=this_user())
    files = bool(made.files.keys() & made.data.keys())
    return prepared(made, folder), watcher if files else folder.rmdir


def found(program: str) -> str:
    """Return where a program is; the bundled rclone counts as the last place.

    Raises:
        Exit: It is not there (code 127).
    """
    where = shutil.which(program, path=search_path())
    if where is None:
        echo_error(f"There is no command {program[:80]} that can be run.")
        raise click.exceptions.Exit(NOT_FOUND)
    return where


def search_path() -> str:
    """Return the folders of programs, that of the bundled rclone last: restic starts rclone by itself."""
    from webapp.core.rclone.metadata import binary  # noqa: PLC0415

    try:
        own = str(binary().parent)
    except PermanentError:
        own = ""
    return os.pathsep.join(part for part in (os.environ.get("PATH", os.defpath), own) if part)


def prepared(made: Rendered, folder: Path) -> dict[str, str]:
    """Write the files and return the environment of the command."""
    files = {key: value for key, value in made.data.items() if key in made.files}
    write_private(folder, files)
    hidden = {known.environment for known in SETTINGS if known.key in OWN_SECRETS}
    others = left_by_others(made.environment)
    kept = {name: value for name, value in os.environ.items() if name not in hidden and not name.startswith(others)}
    named = {variable: str(folder / key) for key, variable in made.files.items() if variable and key in files}
    place = {FOLDER_VARIABLE: str(folder)} if files else {}
    return {**IN_MEMORY, **kept, "PATH": search_path(), **made.environment, **named, **place}


def left_by_others(own: Iterable[str]) -> tuple[str, ...]:
    """Return how variables of another credential begin that would be mixed with these."""
    own = tuple(own)
    found = [ends for begin, ends in LEFT_BY_OTHERS.items() if any(name.startswith(begin) for name in own)]
    remotes = [f"RCLONE_CONFIG_{match[1]}_" for name in own if (match := REMOTE.fullmatch(name))]
    return (*(one for ends in found for one in ends), *remotes)


def replaced(program: str, command: tuple[str, ...], environment: Mapping[str, str]) -> int:
    """Become the command; returns only when it cannot be started."""
    for number in IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execve(program, list(command), environment)  # noqa: S606  running it is what was asked for
    except OSError as error:
        echo_error(f"{command[0][:80]} cannot be started: {error.strerror}.")
        return NOT_RUNNABLE


def _holding(runtime: Runtime, settings: Settings, credential_id: str, folder: Path) -> Callable[[], None]:
    """Hold the credential's token, and return what starts a watcher that takes a renewed one back.

    Raises:
        TransientError: Someone else holds it.
    """
    from webapp.core.formats.service import token_lock  # noqa: PLC0415
    from webapp.core.rclone.conffile import read_conf  # noqa: PLC0415
    from webapp.core.service import REFRESHED_BY  # noqa: PLC0415

    owner, lock = uuid.uuid4().hex, token_lock(credential_id)
    if not runtime.store.locks.try_hold(lock, owner, LOCK_SECONDS):
        raise TransientError("This credential's token is in use elsewhere. Try again in a moment.", field="token")

    def prolong() -> None:
        with opened(settings) as again:
            again.store.locks.try_hold(lock, owner, LOCK_SECONDS)

    def take_back() -> None:
        with opened(settings) as again:
            try:
                for options in read_conf((folder / "rclone.conf").read_text(encoding="utf-8")).values():
                    again.formats.take_back(credential_id, options.get("token", ""), by=REFRESHED_BY)
            finally:
                again.store.locks.release(lock, owner)

    return partial(watch, folder, meanwhile=prolong, after=take_back)
