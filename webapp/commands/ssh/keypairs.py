"""`keypair generate`, `import`, `list`, `show`, `rename` and `delete`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webapp.commands.credentials.stored import ask
from webapp.commands.credentials.values import LIMIT, InputError, as_object, decoded
from webapp.commands.group import Command, SubGroup
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json, table
from webapp.commands.ssh.asking import key_type_option
from webapp.core.errors import readable
from webapp.core.presentation import one_line, user
from webapp.core.ssh import presentation
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.ssh.keypairs import KeypairUser
    from webapp.core.store import Keypair

NAME = "The name of a stored keypair; case does not matter."


@click.group(cls=SubGroup)
def keypair() -> None:
    """SSH keypairs: make them, take them over, list, show and delete them."""


@keypair.command(cls=Command)
@click.argument("name", help="A name that no other keypair and no connection has.")
@key_type_option
@json_option
@with_settings(Scope.EVERY)
def generate(settings: Settings, name: str, key_type: str, *, as_json: bool) -> None:
    """Generate a keypair, save it, and print its public half for the server's authorized_keys."""
    with opened(settings) as runtime:
        refuse_locked(runtime)
        made = runtime.ssh.keypairs.generate(name, key_type, by=this_user())
    tell(made, as_json=as_json)


@keypair.command("import", cls=Command)
@click.argument("name", help="A name that no other keypair and no connection has.")
@json_option
@with_settings(Scope.EVERY)
def import_keypair(settings: Settings, name: str, *, as_json: bool) -> None:
    """Save a keypair that exists already.

    Standard input is the private key itself, or the public one alone, or a JSON object with private_key, public_key and
    passphrase. A passphrase opens the key once; the key is kept without it, encrypted by the store.
    """
    values = given()
    with opened(settings) as runtime:
        refuse_locked(runtime)
        made = runtime.ssh.keypairs.add(name, values, by=this_user())
    tell(made, as_json=as_json)


@keypair.command("list", cls=Command)
@json_option
@with_settings(Scope.EVERY)
def list_keypairs(settings: Settings, *, as_json: bool) -> None:
    """List the keypairs with type and fingerprint."""
    with opened(settings) as runtime:
        found = [(one, runtime.ssh.keypairs.used_by(one.id)) for one in runtime.ssh.keypairs.all()]
    if as_json:
        echo_json([presentation.keypair(one, users) for one, users in found])
    elif found:
        rows = [(one_line(one.name), kind(one), one.fingerprint, used(users)) for one, users in found]
        click.echo(table([("NAME", "TYPE", "FINGERPRINT", "USED BY"), *rows]))
    else:
        click.echo("There is no keypair yet.")


@keypair.command(cls=Command)
@click.argument("name", help=NAME)
@click.option("--reveal", is_flag=True, help="Print the private half as well.")
@json_option
@with_settings(Scope.EVERY)
def show(settings: Settings, name: str, *, reveal: bool, as_json: bool) -> None:
    """Show a keypair: its public half, its fingerprint and what uses it."""
    from webapp.core.store.audit import Action  # noqa: PLC0415  the help text needs no store

    with opened(settings) as runtime:
        refuse_locked(runtime, Action.READ if reveal else None)
        found = runtime.ssh.keypairs.get(name)
        users = runtime.ssh.keypairs.used_by(found.id)
        private = runtime.ssh.keypairs.reveal(found.id, by=this_user()) if reveal else ""
    readable(found)
    if as_json:
        echo_json(presentation.keypair(found, users) | ({"private_key": private} if reveal else {}))
        return
    click.echo(f"Name:         {one_line(found.name)}\nType:         {kind(found)}\nFingerprint:  {found.fingerprint}")
    click.echo(f"Used by:      {used(users) or 'nothing'}\n{one_line(found.public_key)}")
    if reveal:
        click.echo(private, nl=False)


@keypair.command(cls=Command)
@click.argument("name", help=NAME)
@click.argument("new", help="A name that no other keypair and no connection has.")
@json_option
@with_settings(Scope.EVERY)
def rename(settings: Settings, name: str, new: str, *, as_json: bool) -> None:
    """Give a keypair another name; what logs in with it goes on."""
    with opened(settings) as runtime:
        found = runtime.ssh.keypairs.get(name)
        made = runtime.ssh.keypairs.edit(found.id, None, version=found.version, by=this_user(), name=new)
        users = runtime.ssh.keypairs.used_by(found.id)
    tell(made, users, as_json=as_json)


@keypair.command(cls=Command)
@click.argument("name", help=NAME)
@click.option(
    "--anyway", is_flag=True, help="Also when it is in use: connections go with it, credentials lose their key."
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@with_settings(Scope.EVERY)
def delete(settings: Settings, name: str, *, anyway: bool, yes: bool, as_json: bool) -> None:
    """Delete a keypair for good; one that is in use is kept, and its users are named."""
    with opened(settings) as runtime:
        found = runtime.ssh.keypairs.get(name)
        users = runtime.ssh.keypairs.used_by(found.id)
        for one in users if anyway else ():
            click.echo(one_line(f"{one.kind} “{one.name}”: {one.effect}"), err=True)
        if not yes:
            ask(found.name)
        runtime.ssh.keypairs.delete(found.id, version=found.version, by=this_user(), anyway=anyway)
    if as_json:
        echo_json({"deleted": {"id": found.id, "name": found.name}, "used_by": [user(one) for one in users]})
    else:
        click.echo(f"Deleted “{one_line(found.name)}”.")


def given() -> dict[str, object]:
    """Return what came on standard input by the fields of a keypair: JSON, or a key as it stands in its file."""
    if sys.stdin.isatty():
        click.echo("Paste the key and end it with Ctrl-D:", err=True)
    data = sys.stdin.buffer.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise InputError("What came on standard input is larger than 1 MiB.")
    text = decoded(data)
    if text.lstrip().startswith("{"):
        return as_object(text)
    if not text.strip():
        raise InputError("Standard input is empty. Give the private key on it.")
    return {"public_key" if text.lstrip().startswith(("ssh-", "ecdsa-", "-----BEGIN PUBLIC")) else "private_key": text}


def tell(made: Keypair, users: tuple[KeypairUser, ...] = (), *, as_json: bool) -> None:
    """Print a keypair that was saved."""
    if as_json:
        echo_json(presentation.keypair(made, users))
    else:
        click.echo(f"Saved “{one_line(made.name)}”, {kind(made)}, {made.fingerprint}.", err=True)
        click.echo(one_line(made.public_key))


def kind(found: Keypair) -> str:
    """Return the kind of a keypair for people."""
    if found.damaged:
        return "damaged"
    return found.label if found.has_private else f"{found.label}, public only"


def used(users: tuple[KeypairUser, ...]) -> str:
    """Return what uses a keypair, in one line."""
    return ", ".join(one_line(user.name) for user in users)
