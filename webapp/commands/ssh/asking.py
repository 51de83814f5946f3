"""What several commands of `ssh` ask for: the values of a connection, and whether a host key is the right one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from webapp.core.errors import PermanentError

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.ssh.wire.scan import Discovered


def connection_options(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options for where a connection goes."""
    for option in (
        click.option("--connect-timeout", type=int, default=None, metavar="SECONDS", help="How long to try."),
        click.option("--cipher", default=None, metavar="CIPHER", help="STANDARD or FAST."),
        click.option("--username", default=None, metavar="USER", help="The account on the server; root by default."),
        click.option("--port", type=int, default=None, metavar="NUMBER", help="The server's port; 22 by default."),
        click.option("--host", required=True, metavar="HOST", help="The server's name or address."),
    ):
        command = option(command)
    return command


class KeyTypeName(click.ParamType[str]):
    """The kind of a generated key."""

    name = "type"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the kind as it is stored."""
        from webapp.core.ssh.keys import KEY_TYPES  # noqa: PLC0415  the help text needs no cryptography

        if str(value).lower() not in KEY_TYPES:
            self.fail(f"There is no such kind of key. Known are {', '.join(KEY_TYPES)}.", param, ctx)
        return str(value).lower()

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the kinds that begin like this."""
        from webapp.core.ssh.keys import KEY_TYPES  # noqa: PLC0415

        del ctx, param
        begun = incomplete.lower()
        return [CompletionItem(key, help=kind.label) for key, kind in KEY_TYPES.items() if key.startswith(begun)]


key_type_option = click.option(
    "--type",
    "key_type",
    default="rsa-3072",
    show_default=True,
    type=KeyTypeName(),
    help="The kind of key that is generated: rsa-3072, rsa-4096, ed25519 or ecdsa-p256.",
)

fingerprint_option = click.option(
    "--fingerprint",
    multiple=True,
    metavar="SHA256:…",
    help="The fingerprint of the server's host key, as ssh-keygen -l prints it on the server. May be given several times.",
)


def compared(runtime: Runtime, values: Mapping[str, Any], fingerprints: tuple[str, ...]) -> str:
    """Ask the server for its host keys and return those that a person vouches for.

    Raises:
        PermanentError: None of them has the given fingerprint, or the person says no.
    """
    found = runtime.ssh.connections.discover(
        str(values["host"]), int(values.get("port", 22)), float(values.get("connect_timeout", 10))
    )
    if fingerprints:
        wanted = [key.line for key in found.keys if key.fingerprint in fingerprints]
        if not wanted:
            raise PermanentError("The server has no host key with this fingerprint.", field="remote_host_key")
        return "\n".join(wanted)
    return agreed(found)


def agreed(found: Discovered) -> str:
    """Show the fingerprints to a person and ask; where nobody can be asked, they are named and nothing is trusted."""
    for key, command in zip(found.keys, found.commands, strict=True):
        click.echo(f"{key.label}  {key.fingerprint}\n  on the server: {command}", err=True)
    if not sys.stdin.isatty():
        raise click.UsageError(
            "Compare the fingerprints above with those on the server and name one with --fingerprint."
        )
    if not click.confirm("Are these the server's own fingerprints?", err=True):
        raise PermanentError("Nothing was saved.")
    return found.text
