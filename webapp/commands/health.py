"""`health`: what a container engine asks."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option, settings_from
from webapp.commands.output import echo_json
from webapp.core.errors import TransientError
from webapp.settings import EVERY_ADDRESS, LOOPBACK_NAMES, Settings

SECONDS = 4
"""How long an answer may take."""
LONGEST = 300
"""Bytes of an answer that are read."""


@click.command(cls=Command)
@click.argument("address", default="", help="What to ask; the web app that the environment sets up by default.")
@json_option
def health(address: str, *, as_json: bool) -> None:
    """Ask a running web app or operator whether it is well; one that does not answer within 4 seconds is not.

    Container engines call it. The operator is asked by its address: backup-credentials health
    http://localhost:8080/livez
    """
    if address and not address.startswith(("http://", "https://")):
        raise click.UsageError("The address begins with http:// or https://.")
    settings = settings_from({})
    said = answer(address or own_address(settings), settings.tls_certificate)
    if as_json:
        echo_json({"answer": said})
    else:
        click.echo(said)


def own_address(settings: Settings) -> str:
    """Return where the web app of these settings is asked on its own machine."""
    own = f"[{settings.host}]" if ":" in settings.host else settings.host
    name = "localhost" if settings.host in EVERY_ADDRESS or own in LOOPBACK_NAMES else own
    return f"{settings.scheme}://{name}:{settings.port}/health"


def answer(address: str, certificate: Path | None) -> str:
    """Return what a server answers.

    Args:
        address: An http or https address; no proxy is used for it.
        certificate: The file of the certificate that the server itself uses. Nothing but it is trusted then, and its
            names need not include this machine's own.

    Raises:
        TransientError: It says that it is not well, or does not answer.
    """
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=trusting(certificate)))
    try:
        with opener.open(address, timeout=SECONDS) as reply:
            return first_line(reply.read(LONGEST))
    except HTTPError as error:
        with error:
            raise TransientError(f"{address} says {error.code}: {first_line(error.read(LONGEST))}") from None
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = error.reason if isinstance(error, URLError) else error
        raise TransientError(f"{address} does not answer: {reason}") from None


def trusting(certificate: Path | None) -> ssl.SSLContext:
    """Return what is trusted: the one certificate, or the machine's authorities."""
    context = ssl.create_default_context(cafile=certificate)
    if certificate:
        context.check_hostname = False
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def first_line(body: bytes) -> str:
    """Return the first line of an answer."""
    return body.decode(errors="replace").partition("\n")[0]
