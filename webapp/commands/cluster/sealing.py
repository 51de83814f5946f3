"""`seal`: encrypts a secret for one field of one resource, so that it may stand in git."""

from __future__ import annotations

import sys

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json
from webapp.core.errors import PermanentError
from webapp.core.fields import LONG_LIMIT
from webapp.settings import Scope, Settings


@click.command(cls=Command)
@click.option("--key", "show_key", is_flag=True, help="Print the public key, as plain age takes it, and seal nothing.")
@click.option(
    "--rotate", is_flag=True, help="Make a new key, print its public half; what was sealed before still opens."
)
@click.option("--namespace", default="", metavar="NAMESPACE", help="The namespace of the resource.")
@click.option("--name", default="", metavar="NAME", help="The name of the resource.")
@click.option("--field", default="", metavar="FIELD", help="The field, such as secretAccessKey, or OUTPUT/OPTION.")
@click.option("--recipient", default="", metavar="AGE1…", help="Seal to this public key; no store is needed then.")
@json_option
@with_settings(Scope.EVERY)
def seal(
    settings: Settings,
    *,
    show_key: bool,
    rotate: bool,
    namespace: str,
    name: str,
    field: str,
    recipient: str,
    as_json: bool,
) -> None:
    """Seal a secret from standard input for one field of a resource.

    It opens in no other namespace, under no other name and in no other field. One line end at its end is left out.
    """
    if show_key or rotate:
        key = own_key(settings, rotate=rotate)
        say({"recipient": key}, key, as_json=as_json)
        return
    if not (namespace and name and field):
        raise click.UsageError("Name --namespace, --name and --field, or ask for the public key with --key.")
    from webapp.core.cluster.manifest import check_names  # noqa: PLC0415  the help text needs no cluster
    from webapp.core.sealing import seal_to  # noqa: PLC0415

    namespace, name = check_names(namespace, name)
    value = secret_given()
    sealed = seal_to(recipient or own_key(settings), namespace, name, field.strip(), value)
    say({"sealed": sealed}, sealed.rstrip("\n"), as_json=as_json)


def own_key(settings: Settings, *, rotate: bool = False) -> str:
    """Return the server's public key, a new one when that is wanted."""
    with opened(settings) as runtime:
        refuse_locked(runtime)
        sealing = runtime.sealing
        return sealing.rotate(by=this_user()) if rotate else sealing.recipient(by=this_user())


def secret_given() -> str:
    """Return the secret from standard input.

    Raises:
        PermanentError: There is none, it is too long, or no text.
    """
    data = sys.stdin.buffer.read(4 * LONG_LIMIT + 3)
    try:
        text = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise PermanentError("What came on standard input is no UTF-8 text.") from None
    if not text:
        raise PermanentError("Nothing came on standard input. Give the secret there, as in: seal … < secret.txt")
    if len(text) > LONG_LIMIT:
        raise PermanentError("The secret is too long: at most 65,536 characters.")
    return text


def say(data: dict[str, str], text: str, *, as_json: bool) -> None:
    """Print one thing."""
    if as_json:
        echo_json(data)
    else:
        click.echo(text)
