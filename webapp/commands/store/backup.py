"""`backup` and `restore`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json, table
from webapp.commands.store.passphrase import new_passphrase, passphrase
from webapp.core.errors import PermanentError
from webapp.core.presentation import one_line
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.store.backup import Backup, Item, Manifest, RestorePlan

STANDARD = "-"
LARGEST = 4 * 1024**3
FORCE = "Write over the file if it exists."


@click.command(cls=Command)
@click.argument("file", required=False, help="The file, or - for standard output; a new one in the backup folder.")
@click.option("--seed", is_flag=True, help="Put the secret seed in, under a passphrase from standard input.")
@click.option("--force", is_flag=True, help=FORCE)
@json_option
@with_settings(Scope.EVERY)
def backup(settings: Settings, file: str | None, *, seed: bool, force: bool, as_json: bool) -> None:
    """Write everything to one file; without --seed there is only ciphertext in it.

    It is a zip file. The seed in it is in the age format: `age -d secret-seed.age` opens it. The app may run meanwhile.
    """
    from webapp.core import backupfiles  # noqa: PLC0415  the help text needs no store
    from webapp.core.store.audit import Action  # noqa: PLC0415

    words = new_passphrase() if seed else ""
    with opened(settings) as runtime:
        if seed:
            refuse_locked(runtime, Action.BACKUP)
        if file == STANDARD:
            to_standard_output(runtime, words)
            return
        path = Path(file) if file else runtime.backup_folder / backupfiles.file_name(backupfiles.BY_HAND)
        manifest = backupfiles.save(runtime.store, path, passphrase=words, progress=progress, force=force)
    if as_json:
        echo_json({"file": str(path), **facts(manifest)})
    else:
        click.echo(f"Written to {path}.")
        click.echo("\n".join(about(manifest)), err=True)


def to_standard_output(runtime: Runtime, words: str) -> None:
    """Write the backup where nothing else is printed.

    Raises:
        PermanentError: Whoever reads it went away.
    """
    from webapp.core.store.audit import Action  # noqa: PLC0415  the help text needs no store

    store, place = runtime.store, "standard output"
    with store.audit.failures(Action.BACKUP, name=place):
        try:
            manifest = store.backups.write(sys.stdout.buffer, passphrase=words)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise PermanentError(f"The backup cannot be written: {error.strerror}.") from None
    store.backups.done(manifest, place)


def facts(manifest: Manifest) -> dict[str, Any]:
    """Return what a backup holds, for JSON."""
    keys = {key: needed.uses for key, needed in manifest.keys.items()}
    return {"made": manifest.made, "counts": dict(manifest.counts), "keys": keys, "seed": manifest.seed}


def about(manifest: Manifest) -> Iterable[str]:
    """Give what a backup holds as lines."""
    from webapp.core.store.registry import TABLES  # noqa: PLC0415  the help text needs no store

    labels = {table.name: table.label for table in TABLES}
    yield "It holds: " + ", ".join(f"{labels[name]} {count}" for name, count in manifest.counts.items() if count) + "."
    if manifest.seed:
        yield "The secret seed is in it, under the passphrase."
    elif manifest.keys:
        yield f"To read it, the secret seed with the key {', '.join(manifest.keys)} is needed."


@click.command(cls=Command)
@click.argument("file", help="The backup, or - for standard input.")
@click.option("--seed", is_flag=True, help="Use the secret seed in it; its passphrase is read from standard input.")
@click.option(
    "--on-clash",
    type=click.Choice(("skip", "rename", "replace")),
    default="skip",
    show_default=True,
    help="What to do where a name, or another version of the same record, is here already.",
)
@click.option(
    "--choose", multiple=True, metavar="NAME=CHOICE", help="Another choice for one record, by its name; repeatable."
)
@click.option("--preview", is_flag=True, help="Only show what would happen.")
@click.option("--yes", is_flag=True, help="Restore without asking.")
@json_option
@with_settings(Scope.EVERY)
def restore(
    settings: Settings,
    file: str,
    *,
    seed: bool,
    on_clash: str,
    choose: tuple[str, ...],
    preview: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Take a backup over: first a preview of each record, then all of it or nothing.

    What is here now is backed up first. Records whose key is not here are taken over as they are and wait for it: give
    it later with `seed import`.
    """
    if file == STANDARD and seed:
        raise click.UsageError("Standard input is either the backup or the passphrase. Give the backup as a file.")
    words = passphrase("Passphrase of the backup: ") if seed else ""
    with source(file) as data, opened(settings) as runtime:
        found = runtime.store.backups.open(data, where=named(file), passphrase=words, progress=progress)
        try:
            plan = chosen(runtime, found, on_clash, choose)
            show(found.manifest, plan, as_json=as_json)
            if preview:
                return
            if not (yes or agreed(plan)):
                click.echo("Nothing was restored. Say --yes to restore it.", err=True)
                raise click.exceptions.Exit(1)
            carry_out(runtime, found, plan, file)
        finally:
            found.close()


def source(file: str) -> IO[bytes]:
    """Return the backup as a file that can seek.

    Raises:
        PermanentError: It cannot be read.
    """
    try:
        return from_standard_input() if file == STANDARD else Path(file).open("rb")
    except OSError as error:
        raise PermanentError(f"{file} cannot be read: {error.strerror}.", field="file") from None


def from_standard_input() -> IO[bytes]:
    """Return what comes in; a large one waits on the disk, where it is ciphertext."""
    data: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  the caller closes it
    while block := sys.stdin.buffer.read(1024 * 1024):
        data.write(block)
        if data.tell() > LARGEST:
            raise PermanentError("The backup is too large.", field="file")
    data.seek(0)
    return data


def named(file: str) -> str:
    """Return what a backup is called in the audit."""
    return "standard input" if file == STANDARD else Path(file).name


def chosen(runtime: Runtime, found: Backup, on_clash: str, choose: tuple[str, ...]) -> RestorePlan:
    """Return the plan with the choices of the command line.

    Raises:
        UsageError: A choice names nothing, or cannot be made.
    """
    from webapp.core.store.backup import Choice  # noqa: PLC0415

    plan = runtime.store.backups.plan(found, on_clash=Choice(on_clash))
    choices: dict[str, str] = {}
    for given in choose:
        name, _, choice = given.rpartition("=")
        items = [item for item in plan.items if name in {item.name, item.key} and choice in item.choices]
        if not items:
            raise click.UsageError(f"There is nothing called {one_line(name)[:80]} that could be treated like this.")
        choices |= {item.key: choice for item in items}
    return plan.chosen(choices)


def show(manifest: Manifest, plan: RestorePlan, *, as_json: bool) -> None:
    """Print the preview; it holds no value."""
    if as_json:
        echo_json({**facts(manifest), "proven": plan.proven, "items": [described(item) for item in plan.items]})
        return
    made = datetime.strptime(manifest.made, "%Y-%m-%dT%H:%M:%S.%f").replace(tzinfo=UTC)
    click.echo(f"Made {made:%Y-%m-%d %H:%M} UTC by version {one_line(manifest.version)[:40]}.", err=True)
    if not plan.proven:
        click.echo(
            "Nothing shows that it is as it was made: that needs a seed that is not here, or was not then.", err=True
        )
    click.echo(table([("WHAT", "NAME", "VALUES", "HERE", "WHAT HAPPENS"), *map(row, plan.items)]))


def row(item: Item) -> tuple[str, ...]:
    """Return one line of the preview."""
    values = f"needs the key {item.needs}" if item.needs else ("damaged" if item.damaged else "readable")
    return (item.label, one_line(item.name), values, item.clash or "not here", item.choice)


def described(item: Item) -> dict[str, Any]:
    """Return one line of the preview, for JSON."""
    return {
        "key": item.key,
        "kind": item.label,
        "name": item.name,
        "needs_key": item.needs,
        "damaged": item.damaged,
        "clash": item.clash,
        "choices": list(item.choices),
        "choice": item.choice,
    }


def agreed(plan: RestorePlan) -> bool:
    """Ask whether to restore; nobody can be asked where there is no terminal."""
    count = sum(item.choice != "skip" for item in plan.items)
    return sys.stdin.isatty() and click.confirm(f"Restore {count}?", err=True)


def carry_out(runtime: Runtime, found: Backup, plan: RestorePlan, file: str) -> None:
    """Restore and say what is left to do."""
    from webapp.core import backupfiles  # noqa: PLC0415

    before = backupfiles.before_restore(runtime.store, runtime.backup_folder, progress=progress)
    count = runtime.store.backups.restore(found, plan, by=this_user(), where=named(file), progress=progress)
    click.echo(f"Restored {count}. What was here before is in {before}.", err=True)
    for key, waiting in plan.waiting.items():
        click.echo(f"{waiting} wait for the key {key}: `backup-credentials seed import` takes it.", err=True)


def progress(done: int, total: int) -> None:
    """Show how far it is, on a terminal only."""
    if sys.stderr.isatty() and (done == total or done % 500 == 0):
        click.echo(f"\r{done} of {total}", nl=done == total, err=True)
