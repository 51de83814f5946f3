"""`seed` and `rotate-key`: the master keys."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.group import Command, SubGroup
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json, table
from webapp.commands.store.backup import progress
from webapp.commands.store.passphrase import new_passphrase, passphrase
from webapp.core.errors import PermanentError
from webapp.core.presentation import moment
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.store import KeyRing
    from webapp.core.store.keys import MasterKey

STANDARD = "-"
LARGEST = 1024 * 1024


@click.group(cls=SubGroup)
def seed() -> None:
    """The secret seed: the master keys that everything is encrypted with."""


@seed.command(cls=Command)
@json_option
@with_settings(Scope.EVERY)
def ids(settings: Settings, *, as_json: bool) -> None:
    """List the master keys by their ids: what they do and how many values need them. No key is shown."""
    with opened(settings) as runtime:
        keys = runtime.store.keys.list()
    if as_json:
        echo_json([described(key) for key in keys])
    else:
        click.echo(table([("KEY", "STATE", "VALUES", "SINCE"), *map(row, keys)]))


def state(key: MasterKey) -> str:
    """Return what a key does, in words."""
    if key.primary:
        return "seals what is saved now"
    if not key.present:
        return "missing; values wait for it" if key.uses else "missing, not needed"
    return "still needed" if key.uses else "not needed any more"


def row(key: MasterKey) -> tuple[str, ...]:
    """Return one line of the list."""
    return (key.id, state(key), str(key.uses), f"{key.created:%Y-%m-%d}" if key.created else "")


def described(key: MasterKey) -> dict[str, Any]:
    """Return a key for JSON, without the key."""
    return {
        "id": key.id,
        "present": key.present,
        "primary": key.primary,
        "uses": key.uses,
        "created": moment(key.created),
        "replaced": moment(key.replaced),
    }


@seed.command("export", cls=Command)
@click.argument("file", default="-", help="The file, or - for standard output.")
@click.option("--words", is_flag=True, help="Print words to write down instead: 24 for each key.")
@json_option
@with_settings(Scope.EVERY)
def export_seed(settings: Settings, file: str, *, words: bool, as_json: bool) -> None:
    """Write the secret seed, under a passphrase from standard input, in the age format; or print it as words.

    Whoever has the words, or the file and its passphrase, reads every backup and every database of this installation.
    """
    from webapp.core.store.audit import Action  # noqa: PLC0415  the help text needs no store

    given = "" if words else new_passphrase()
    with opened(settings) as runtime:
        refuse_locked(runtime, Action.SEED)
        ring, audit = runtime.store.keys.ring, runtime.store.audit
        keys = ", ".join(ring.ids)
        with audit.failures(Action.SEED, name=keys, detail={"what": "export"}):
            told = print_words(ring, as_json=as_json) if words else protected(ring, given, file, as_json=as_json)
        audit.note(Action.SEED, name=keys, detail={"what": f"exported {told}"})


def print_words(ring: KeyRing, *, as_json: bool) -> str:
    """Print the words of each key; return how the seed went out."""
    from webapp.core.store.backup.protection import to_words  # noqa: PLC0415  the help text needs no store

    lines = to_words(ring)
    if as_json:
        echo_json({"keys": ring.ids, "words": lines})
    else:
        click.echo("\n".join(lines))
    return "as words"


def protected(ring: KeyRing, passphrase: str, file: str, *, as_json: bool) -> str:
    """Write the seed under a passphrase to a file, to standard output, or into JSON; return how it went out.

    A terminal and JSON get lines of ASCII.
    """
    from webapp.core.store.backup.protection import protect  # noqa: PLC0415

    armored = file == STANDARD and (as_json or sys.stdout.isatty())
    data = protect(ring, passphrase, armored=armored)
    if not as_json or file != STANDARD:
        write(file, data)
    if as_json:
        echo_json({"keys": ring.ids, **({"seed": data.decode()} if armored else {"file": file})})
    return "under a passphrase"


def write(file: str, data: bytes) -> None:
    """Write to a new file that only its owner can read, or to standard output.

    Raises:
        PermanentError: It exists or cannot be written.
    """
    from webapp.core.backupfiles import whole_file  # noqa: PLC0415  the help text needs no store

    if file == STANDARD:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    path = Path(file)
    try:
        with whole_file(path, force=False) as target:
            target.write(data)
    except OSError as error:
        raise PermanentError(f"{file} cannot be written: {error.strerror}.", field="file") from None
    click.echo(f"Written to {file}. `age -d {path.name}` shows it as well.", err=True)


@seed.command("import", cls=Command)
@click.argument("file", default="-", help="The seed or words; - reads words or a plain seed from standard input.")
@json_option
@with_settings(Scope.EVERY)
def import_seed(settings: Settings, file: str, *, as_json: bool) -> None:
    """Add the keys of a seed: words, a file of `seed export`, a backup with a seed, or a plain seed file.

    Records that waited for one of its keys can be read from then on. A passphrase is read from standard input.
    """
    from webapp.core.store.audit import Action  # noqa: PLC0415  the help text needs no store

    data = content(file)
    with opened(settings) as runtime:
        store = runtime.store
        with store.audit.failures(Action.SEED, detail={"what": "import"}):
            ring = given_ring(data, file)
        if opens := bool(store.locked and set(store.locked.missing) & set(ring.ids)):
            store.unlock(ring.text())
        count = 0 if opens else store.keys.take_seed(ring, by=this_user())
        moved = 0 if opens else store.keys.tend()
    if as_json:
        echo_json({"keys": ring.ids, "opened": opens, "readable": count, "moved": moved})
    elif opens:
        click.echo("The store is open.")
    else:
        click.echo(f"{count} values can be read now." + (f" {moved} were moved to the key in use." if moved else ""))


def given_ring(data: bytes, file: str) -> KeyRing:
    """Return the keys of what was given; a passphrase is asked for when it is protected.

    Raises:
        SeedError: It is no seed, or the passphrase is wrong.
    """
    from webapp.core.store.backup.protection import is_protected, read_seed  # noqa: PLC0415

    asked = is_protected(data) and file != STANDARD
    return read_seed(data, passphrase("Passphrase of the seed: ") if asked else "")


def content(file: str) -> bytes:
    """Return what was given; of a backup the seed that is in it.

    Raises:
        PermanentError: It cannot be read.
    """
    from webapp.core.store.backup.reading import seed_of  # noqa: PLC0415

    if file == STANDARD:
        if sys.stdin.isatty():
            click.echo("Type the words, then Ctrl-D on an empty line.", err=True)
        return sys.stdin.buffer.read(LARGEST)
    try:
        with Path(file).open("rb") as data:
            return seed_of(data) or data.read(LARGEST)
    except OSError as error:
        raise PermanentError(f"{file} cannot be read: {error.strerror}.", field="file") from None


@seed.command("next", cls=Command)
@json_option
@with_settings(Scope.EVERY)
def next_seed(settings: Settings, *, as_json: bool) -> None:
    """Print the seed with one more key that leads, for a seed in the environment or in a mounted Secret.

    It is the secret itself, in clear: put it in place of the present one, without a file in between, and restart.
    """
    from webapp.core.store.audit import Action  # noqa: PLC0415

    with opened(settings) as runtime:
        with runtime.store.audit.failures(Action.SEED, detail={"what": "next seed"}):
            ring = runtime.store.keys.ring.grown()
        runtime.store.audit.note(Action.SEED, name=ring.primary_id, detail={"what": "next seed printed"})
    if as_json:
        echo_json({"keys": ring.ids, "primary": ring.primary_id, "seed": ring.text()})
    else:
        click.echo(ring.text(), nl=False)


@seed.command("give-up", cls=Command)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@with_settings(Scope.EVERY)
def give_up(settings: Settings, *, yes: bool, as_json: bool) -> None:
    """Go on without a seed that is lost for good. Nothing is deleted: its records wait, locked, and are listed."""
    from webapp.core.store.audit import Action  # noqa: PLC0415  the help text needs no store

    with opened(settings) as runtime:
        keys = runtime.store.keys
        with runtime.store.audit.failures(Action.SEED, detail={"what": "give up"}):
            refuse_unneeded(runtime, yes=yes)
            missing = keys.give_up(by=this_user())
        waiting = keys.locked_records()
    if as_json:
        listed = [{"kind": one.label, "name": one.name, "id": one.id, "key": one.key} for one in waiting]
        echo_json({"missing": missing, "waiting": listed})
        return
    keys_word = "key" if len(missing) == 1 else "keys"
    click.echo(
        f"Open without the {keys_word} {', '.join(missing)}. These wait for it, or for their values to be typed again:"
    )
    click.echo(table([("WHAT", "NAME", "KEY"), *((one.label, one.name, one.key) for one in waiting)]))


def refuse_unneeded(runtime: Runtime, *, yes: bool) -> None:
    """Refuse to give a key up when none is missing, or when nobody agrees to it.

    Raises:
        PermanentError: The sentence says which.
    """
    if not runtime.store.locked and not runtime.store.keys.locked_records():
        raise PermanentError("No key is missing.")
    if not yes and not (sys.stdin.isatty() and click.confirm("Go on without the missing seed?", err=True)):
        raise PermanentError("Nothing was changed. Say --yes to go on without it.")


@click.command("rotate-key", cls=Command)
@click.option("--retire", "retired", default="", metavar="KEY", help="Remove an old key that nothing needs any more.")
@json_option
@with_settings(Scope.EVERY)
def rotate_key(settings: Settings, retired: str, *, as_json: bool) -> None:
    """Make a new master key and move everything to it. The app may run meanwhile, in several processes.

    It can be stopped at any moment: the next call, or a running app, takes it up where it was. The old key stays in
    the seed until it is retired, as older backups need it.
    """
    from webapp.core.store.audit import Action  # noqa: PLC0415  the help text needs no store

    with opened(settings) as runtime:
        refuse_locked(runtime, Action.ROTATION)
        keys = runtime.store.keys
        if retired:
            sentence = keys.retire(retired, by=this_user())
            moved = 0
        else:
            begun = [key for key in keys.list() if key.present and not key.primary and key.uses]
            primary = keys.ring.primary_id if begun else keys.rotate(by=this_user())
            moved = keys.rewrap(progress=progress)
            sentence = (
                f"{moved} values were moved to the key {primary}. Export the seed again: the old export lacks it."
            )
    if as_json:
        echo_json({"moved": moved, "message": sentence})
    else:
        click.echo(sentence)
