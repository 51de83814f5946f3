"""`ssh add`, `discover`, `verify`, `list`, `show`, `rename` and `delete`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from webapp.commands.credentials.stored import ask
from webapp.commands.credentials.verify import finished
from webapp.commands.group import Command, SubGroup
from webapp.commands.options import json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import NEVER, age, echo_json, print_warnings, table
from webapp.commands.ssh.asking import compared, connection_options, fingerprint_option
from webapp.core.errors import readable
from webapp.core.presentation import one_line
from webapp.core.ssh import presentation
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.ssh.openssh import OpenSsh
    from webapp.core.ssh.results import Step
    from webapp.core.store import Connection
    from webapp.core.verification.states import Result

NAME = "The name of a stored connection; case does not matter."


@click.group(cls=SubGroup)
def ssh() -> None:
    """SSH connections: set them up, test, list, show and delete them."""


@ssh.command(cls=Command)
@click.argument("name", help="A name that no other connection and no keypair has.")
@connection_options
@click.option("--keypair", "private_key", required=True, metavar="NAME", help="The keypair that logs in.")
@click.option("--remote-host-key", default=None, metavar="TEXT", help="The host key, as a line of known_hosts has it.")
@fingerprint_option
@json_option
@with_settings(Scope.EVERY)
def add(settings: Settings, name: str, *, fingerprint: tuple[str, ...], as_json: bool, **values: Any) -> None:
    """Save a connection; `ssh verify` tests it.

    Without --remote-host-key the server is asked for its host keys, and they are compared with --fingerprint.
    """
    wanted = {key: value for key, value in values.items() if value is not None}
    with opened(settings) as runtime:
        refuse_locked(runtime)
        if "remote_host_key" not in wanted:
            wanted["remote_host_key"] = compared(runtime, wanted, fingerprint)
        problems = runtime.ssh.connections.examine(wanted).problems
        made = runtime.ssh.connections.add(name, wanted, by=this_user())
        keypair = runtime.ssh.keypairs.get(made.keypair)
    print_warnings(problems)
    if as_json:
        echo_json(presentation.connection(made, keypair.name))
    else:
        click.echo(f"Saved “{one_line(made.name)}”.")


@ssh.command(cls=Command)
@click.argument("host", help="The name or address of the server.")
@click.option("--port", default=22, show_default=True, type=click.IntRange(1, 65535), help="Its port.")
@click.option("--connect-timeout", default=10, show_default=True, type=click.IntRange(1, 120), help="Seconds.")
@json_option
@with_settings(Scope.EVERY)
def discover(settings: Settings, host: str, port: int, connect_timeout: int, *, as_json: bool) -> None:
    """Ask a server for all of its host keys; nothing is stored."""
    del settings
    from webapp.core.ssh.wire.scan import discover as ask_server  # noqa: PLC0415  the help text needs no SSH

    found = ask_server(host, port, connect_timeout)
    if as_json:
        echo_json(presentation.discovered(found))
        return
    for key, command in zip(found.keys, found.commands, strict=True):
        click.echo(f"{key.label}  {key.fingerprint}\n  on the server: {command}", err=True)
    click.echo(found.known_hosts, nl=False)


@ssh.command(cls=Command)
@click.argument("name", help="A stored connection; its result is kept.")
@json_option
@with_settings(Scope.EVERY)
def verify(settings: Settings, name: str, *, as_json: bool) -> None:
    """Test a connection: reachable, host key, authentication, a command, SFTP.

    The exit code is 0 when it works and 1 when it does not.
    """
    with opened(settings) as runtime:
        refuse_locked(runtime)
        result = finished(runtime.ssh.connections.start_stored_test(runtime.ssh.connections.get(name).id))
    print_result(result, as_json=as_json)


@ssh.command("list", cls=Command)
@json_option
@with_settings(Scope.EVERY)
def list_connections(settings: Settings, *, as_json: bool) -> None:
    """List the connections with the state of their last test."""
    with opened(settings) as runtime:
        found, names = runtime.ssh.connections.all(), runtime.store.ssh.keypair_names()
    if as_json:
        echo_json([presentation.connection(one, names.get(one.keypair, "")) for one in found])
    elif found:
        click.echo(table([("NAME", "HOST", "PORT", "USER", "STATE", "TESTED"), *map(row, found)]))
    else:
        click.echo("There is no connection yet.")


@ssh.command(cls=Command)
@click.argument("name", help=NAME)
@click.option(
    "--format",
    "shape",
    default=None,
    type=click.Choice(("openssh",)),
    help="Print it as OpenSSH reads it.",
)
@json_option
@with_settings(Scope.EVERY)
def show(settings: Settings, name: str, shape: str | None, *, as_json: bool) -> None:
    """Show a connection, or print it for OpenSSH: a host block of ssh_config, and lines of known_hosts."""
    from webapp.core.ssh.openssh import as_openssh  # noqa: PLC0415  the help text needs no SSH

    with opened(settings) as runtime:
        refuse_locked(runtime)
        found = readable(runtime.ssh.connections.get(name))
        keypair = runtime.ssh.keypairs.get(found.keypair)
    if shape:
        print_openssh(as_openssh(found, keypair), as_json=as_json)
    elif as_json:
        echo_json(presentation.connection(found, keypair.name))
    else:
        click.echo("\n".join(lines(found, keypair.name)))


@ssh.command(cls=Command)
@click.argument("name", help=NAME)
@click.argument("new", help="A name that no other connection and no keypair has.")
@json_option
@with_settings(Scope.EVERY)
def rename(settings: Settings, name: str, new: str, *, as_json: bool) -> None:
    """Give a connection another name; its test stays."""
    with opened(settings) as runtime:
        found = runtime.ssh.connections.get(name)
        made = runtime.ssh.connections.edit(found.id, None, version=found.version, by=this_user(), name=new)
        keypair = runtime.ssh.keypairs.get(made.keypair)
    if as_json:
        echo_json(presentation.connection(made, keypair.name))
    else:
        click.echo(f"Saved “{one_line(made.name)}”.")


@ssh.command(cls=Command)
@click.argument("name", help=NAME)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@with_settings(Scope.EVERY)
def delete(settings: Settings, name: str, *, yes: bool, as_json: bool) -> None:
    """Delete a connection for good; its keypair stays."""
    with opened(settings) as runtime:
        found = runtime.ssh.connections.get(name)
        if not yes:
            ask(found.name)
        runtime.ssh.connections.delete(found.id, version=found.version, by=this_user())
    if as_json:
        echo_json({"deleted": {"id": found.id, "name": found.name}})
    else:
        click.echo(f"Deleted “{one_line(found.name)}”.")


def print_openssh(made: OpenSsh, *, as_json: bool) -> None:
    """Print a connection as OpenSSH reads it."""
    if as_json:
        echo_json(presentation.openssh(made))
    else:
        click.echo(f"# ~/.ssh/config\n{made.ssh_config}\n# ~/.ssh/known_hosts\n{made.known_hosts}", nl=False)


def print_result(result: Result, *, as_json: bool) -> None:
    """Print each step and the answer; one that does not work ends with exit code 1."""
    steps: tuple[Step, ...] = getattr(result, "steps", ())
    if as_json:
        echo_json(presentation.tested(result))
    else:
        for step in steps:
            click.echo(one_line(f"{step.label}: {step.state} ({step.seconds:.2f} s) {step.message}"))
        click.echo(one_line(f"{result.state}: {result.message}"))
    if not result.good:
        raise click.exceptions.Exit(1)


def row(found: Connection) -> tuple[str, ...]:
    """Return the line of a list."""
    last, values = found.verification, found.attributes
    state = (
        "damaged" if found.damaged else "HOST KEY CHANGED" if found.host_key_changed else last.state if last else NEVER
    )
    place = (str(values.get(key, "")) for key in ("host", "port", "username"))
    return (one_line(found.name), *map(one_line, place), state, age(last.at if last else None))


def lines(found: Connection, keypair: str) -> list[str]:
    """Return a connection as lines for a person."""
    last = found.verification
    shown = [f"Name:      {one_line(found.name)}", f"Keypair:   {one_line(keypair)}"]
    shown.append(
        f"Tested:    {last.state}, {age(last.at)}: {one_line(last.message)}" if last else f"Tested:    {NEVER}"
    )
    values = ((key, str(value)) for key, value in found.attributes.items() if key != "private_key")
    return [*shown, "Values:", *(f"  {key}: {value.replace(chr(10), chr(10) + '    ')}" for key, value in values)]
