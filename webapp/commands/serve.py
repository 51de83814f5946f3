"""`serve`: the web app."""

from __future__ import annotations

import fcntl
from collections.abc import Generator
from contextlib import contextmanager

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, opened, with_settings
from webapp.commands.output import echo_json
from webapp.core.errors import PermanentError
from webapp.settings import Scope, Settings

LOCK = "server.lock"
"""File in the data folder that a running server holds."""


@click.command(cls=Command)
@json_option
@with_settings(Scope.SERVE, Scope.EVERY)
def serve(settings: Settings, *, as_json: bool) -> None:
    """Start the web app and keep it running until Ctrl-C or SIGTERM.

    It prints its address and, while there is no account yet, the one-time code that makes the first one.
    """
    refuse_unsafe(settings)
    from webapp.server import Server, StartUp  # noqa: PLC0415  other commands need no web framework

    def announce(start_up: StartUp) -> None:
        if as_json:
            echo_json(start_up.as_json())
        for line in () if as_json else start_up.lines():
            click.echo(line)

    with only_server(settings), opened(settings, pool_size=settings.pool_size) as runtime:
        Server(settings, runtime).run(announce)


@contextmanager
def only_server(settings: Settings) -> Generator[None]:
    """Hold the data folder of an SQLite store against a second server; the kernel lets go however this one ends.

    Raises:
        PermanentError: Another server has it.
    """
    if settings.database.startswith(("postgresql:", "postgres:")):
        yield
        return
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (settings.data_dir / LOCK).open("ab")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PermanentError(f"The data folder {settings.data_dir} cannot be used: {reason}.") from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise PermanentError(
                f"Another server works with {settings.data_dir} already. Stop it first, or use PostgreSQL for several."
            ) from None
        yield


def refuse_unsafe(settings: Settings) -> None:
    """Refuse an address that other machines reach while secrets would cross the network in clear text.

    Raises:
        PermanentError: There is no TLS, and nobody said that this is fine.
    """
    if settings.is_public and not settings.tls and not settings.insecure_http:
        raise PermanentError(
            f"Other machines can reach {settings.host}, and without TLS everybody on the way could read the secrets. "
            "Give --tls-certificate and --tls-key, or say --insecure-http when something else protects the connection.",
            field="host",
        )
