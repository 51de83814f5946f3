"""`ssh pair` and `ssh pair-truenas`: set up a connection by a password or an API key that is used once."""

from __future__ import annotations

import getpass
import sys
from typing import Any

import click

from webapp.commands.credentials.values import read_stdin
from webapp.commands.credentials.verify import finished
from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json
from webapp.commands.ssh.asking import compared, connection_options, fingerprint_option, key_type_option
from webapp.commands.ssh.connections import print_result
from webapp.core.ssh import presentation
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
        echo_json({**presentation.tested(result), "id": made.id, "name": made.name, "keypair": made.keypair})
    else:
        print_result(result, as_json=as_json)


@click.command("pair-truenas", cls=Command)
@click.argument("name", help="The name of the connection that it makes.")
@click.option(
    "--keypair", default=None, metavar="NAME", help="A stored keypair; without it one is generated, as --type says."
)
@key_type_option
@json_option
@with_settings(Scope.EVERY)
def pair_truenas(settings: Settings, name: str, keypair: str | None, key_type: str, *, as_json: bool) -> None:
    """Set up a connection to a TrueNAS by a log-in at its web interface that is used once.

    Values are read from standard input as a JSON object: url, admin_username, password or api_key, otp_token, username,
    sudo, and certificate when the one of the web interface cannot be verified. What is wrong with a certificate is told
    with its fingerprint. Nothing of the log-in is stored.
    """
    values = {"private_key": keypair or f"new:{key_type}", **read_stdin()}
    with opened(settings) as runtime:
        refuse_locked(runtime)
        started = runtime.ssh.truenas.start(name, values, by=this_user())
        result = finished(started)
        made = runtime.ssh.connections.get(started.made) if started.made else None
    if started.certificate and not as_json:
        click.echo(f"Its certificate has the SHA-256 fingerprint {started.certificate.fingerprint}", err=True)
    if as_json and made:
        echo_json({**presentation.tested(result), "id": made.id, "name": made.name, "keypair": made.keypair})
    else:
        print_result(result, as_json=as_json)


def password() -> str:
    """Return the password: typed without being shown, or the first line of standard input."""
    if sys.stdin.isatty():
        return getpass.getpass("Password on the server: ")
    return sys.stdin.readline(LONGEST_PASSWORD).rstrip("\r\n")
