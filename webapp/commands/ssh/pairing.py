"""`ssh pair`: sets up a connection to any SSH server by a password that is used once."""

from __future__ import annotations

import getpass
import sys
from typing import Any

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json
from webapp.commands.ssh.asking import compared, connection_options, fingerprint_option, key_type_option
from webapp.commands.ssh.connections import answer, print_result
from webapp.commands.verify import finished
from webapp.settings import Scope, Settings

LONGEST_PASSWORD = 4096


@click.command(cls=Command)
@click.argument("name", help="The name of the connection that it makes.")
@connection_options
@click.option(
    "--keypair", "private_key", default=None, metavar="NAME", help="A stored keypair; without it one is generated."
)
@key_type_option
@fingerprint_option
@json_option
@with_settings(Scope.EVERY)
def pair(
    settings: Settings, name: str, key_type: str, *, fingerprint: tuple[str, ...], as_json: bool, **values: Any
) -> None:
    """Set up a connection to any SSH server by a password that is used once.

    The host key is compared first. Then the public key is put into the user's authorized_keys, and a log-in by nothing
    but the key proves it. The password is the first line of standard input; it is never stored.
    """
    wanted = {key: value for key, value in values.items() if value is not None}
    with opened(settings) as runtime:
        refuse_locked(runtime)
        wanted["remote_host_key"] = compared(runtime, wanted, fingerprint)
        wanted["password"] = password()
        started = runtime.ssh.start_pairing(name, wanted, by=this_user(), key_type=key_type)
        result = finished(started)
        made = runtime.ssh.connections.get(started.made) if started.made else None
    if as_json and made:
        echo_json({**answer(result), "id": made.id, "name": made.name, "keypair": made.keypair})
    else:
        print_result(result, as_json=as_json)


def password() -> str:
    """Return the password: typed without being shown, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Password on the server: ")
    return sys.stdin.readline(LONGEST_PASSWORD).rstrip("\r\n")
