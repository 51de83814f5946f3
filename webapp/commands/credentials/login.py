"""`login`: logs in at a provider from a machine without a browser, and keeps what comes of it."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from webapp.commands.credentials.values import LIMIT, InputError, as_object, decoded
from webapp.commands.group import Command
from webapp.commands.options import (
    CredentialName,
    json_option,
    opened,
    provider_option,
    refuse_locked,
    this_user,
    with_settings,
)
from webapp.core.errors import CredentialError, NotFoundError, PermanentError, TransientError, readable
from webapp.core.presentation import described, one_line
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.fields import Attributes
    from webapp.core.oauth.flows import Way
    from webapp.core.oauth.service import Finished, LoginService, Started
    from webapp.core.runtime import Runtime
    from webapp.core.store import Credential

SECONDS = 600.0
"""A log-in under way is good for so long."""


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="A stored credential to log in with again, or a new name.")
@provider_option(default=None, help="For a new name: where to log in, such as BOX.")
@click.option(
    "--way",
    type=click.Choice(["device", "paste"]),
    metavar="WAY",
    help="device: by a code that is typed there; paste: by what the browser ends with.",
)
@click.option("--access", default="", metavar="WHAT", help="What the token may do, such as full or read.")
@click.option("--values", "given", is_flag=True, help="Read values, such as client_id, from the first line of input.")
@json_option
@with_settings(Scope.EVERY)
def login(
    settings: Settings,
    name: str,
    provider_type: str | None,
    way: str | None,
    access: str,
    *,
    given: bool,
    as_json: bool,
) -> None:
    """Log in at a provider and save the credential.

    Prints an address to open on any computer or phone. By code (OneDrive, Yandex) a code is shown to type there, and
    the command waits; by paste, the code that the provider shows, or the whole address that the browser ends at, is
    read from standard input. The app is the one of Settings, the credential's own, or that of --values: a JSON object
    on the first line of standard input, with client_id, client_secret and any other field. With --json the first
    line says where to sign in and the second is the credential, each as one JSON object.
    """
    values = as_object(line()) if given else {}
    with opened(settings) as runtime:
        refuse_locked(runtime)
        known = stored(runtime, name, provider_type)
        kind = known.provider if known else provider_type or ""
        typed: dict[str, Any] = {**(known.attributes if known else {}), **values}
        finished = led(runtime.logins, kind, typed, way, access, as_json=as_json)
        saved = keep(runtime, name, known, {**values, **finished.values}, finished)
    if as_json:
        tell_json(described(saved, reveal=False))
    else:
        click.echo(f"Saved “{saved.name}”{f', logged in as {one_line(finished.account)}' if finished.account else ''}.")


def line() -> str:
    """Return one line of standard input; it may hold a secret and is never repeated.

    Raises:
        InputError: There is none, or it is too long or no text.
    """
    data = sys.stdin.buffer.readline(LIMIT + 1)
    if len(data) > LIMIT:
        raise InputError("A line of standard input is larger than 1 MiB.")
    if not data.strip():
        raise InputError("Standard input ended before a line was there.")
    return decoded(data).strip()


def stored(runtime: Runtime, name: str, provider_type: str | None) -> Credential | None:
    """Return the credential of this name; nothing for a new one, which needs a provider.

    Raises:
        PermanentError: It is another provider's, or its values cannot be read.
    """
    try:
        found = runtime.store.credentials.find(name)
    except NotFoundError:
        if provider_type is None:
            raise
        return None
    if provider_type not in {None, found.provider}:
        raise PermanentError(f"“{found.name}” is a credential of {found.provider}.", field="provider")
    return readable(found)


def led(logins: LoginService, kind: str, typed: Attributes, way: str | None, access: str, *, as_json: bool) -> Finished:
    """Lead through a log-in.

    Raises:
        CredentialError: The provider has no such way, refuses, or is out of reach.
    """
    from webapp.core.oauth.flows import Way  # noqa: PLC0415  the help text needs no network code

    chosen, session = way_of(kind, way, access), f"command line {secrets.token_hex(16)}"
    started = logins.begin(session, kind, typed, way=chosen, access=access)
    tell(started, as_json=as_json)
    if chosen is Way.PASTE:
        return logins.paste(session, started.flow.id, line())
    return waited_for(logins, session, started)


def way_of(kind: str, way: str | None, access: str) -> Way:
    """Return how to log in; by code where the provider has that.

    Raises:
        PermanentError: The provider has no log-in.
        UsageError: There is no such access.
    """
    from webapp.core.oauth.flows import Way  # noqa: PLC0415
    from webapp.core.oauth.vendors import vendor_of  # noqa: PLC0415

    vendor = vendor_of(kind)
    if vendor is None:
        raise PermanentError("This provider has no log-in.", field="provider")
    offered = [known.key for known in vendor.accesses]
    if access and access not in offered:
        raise click.UsageError(f"{vendor.label} has no such access. Known are {', '.join(offered)}.")
    return Way(way) if way else Way.DEVICE if vendor.device else Way.PASTE


def tell(started: Started, *, as_json: bool) -> None:
    """Say where to go, and what to type or paste."""
    if as_json:
        tell_json({"address": started.address, "user_code": started.user_code})
    elif started.user_code:
        click.echo(f"Open {one_line(started.address)} on any computer and type this code: {started.user_code}")
    else:
        click.echo(f"Open this address and sign in:\n{one_line(started.address)}")
        click.echo("Paste the code that is shown, or the whole address that the browser ends at:", err=True)


def tell_json(data: Mapping[str, Any]) -> None:
    """Print one object on one line, at once."""
    click.echo(json.dumps(data))
    sys.stdout.flush()


def waited_for(logins: LoginService, session: str, started: Started) -> Finished:
    """Ask until the code was typed.

    Raises:
        CredentialError: It was refused, or its time is over.
    """
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        time.sleep(max(1.0, float(started.flow.values["interval"])))
        try:
            finished = logins.poll(session, started.flow.id)
        except TransientError:
            continue  # asked again in a moment
        if finished:
            return finished
    raise PermanentError("Nobody typed the code within ten minutes. Begin again.")


def keep(
    runtime: Runtime, name: str, known: Credential | None, values: Mapping[str, Any], finished: Finished
) -> Credential:
    """Save a new credential, or the new token of a stored one; another account than before is told.

    Signing in takes minutes: what somebody has changed of the stored one meanwhile stays.
    """
    from webapp.core.oauth.records import LoggedIn  # noqa: PLC0415

    logged_in = LoggedIn(finished.account, finished.scopes)
    kind = finished.flow.provider
    current = runtime.store.credentials.get(known.id) if known else None
    values = with_own_drive(kind, {**(current.attributes if current else {}), **values})
    if current is None:
        return runtime.service.add(name, kind, values, by=this_user(), logged_in=logged_in)
    before = runtime.store.logins.find(current.id)
    if before and before.account and finished.account and before.account != finished.account:
        click.echo(f"Warning: this is another account than before: it was {one_line(before.account)}.", err=True)
    return runtime.service.edit(current.id, values, version=current.version, by=this_user(), logged_in=logged_in)


def with_own_drive(kind: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Add the person's own OneDrive when no drive was named; a list that is refused adds nothing."""
    from webapp.core.oauth.pickers import onedrive_drives  # noqa: PLC0415
    from webapp.core.tokens import Token  # noqa: PLC0415

    if kind != "ONEDRIVE" or values.get("drive_id"):
        return values
    try:
        found = onedrive_drives(Token.from_json(str(values["token"])), values)
    except CredentialError:
        return values
    return {**values, **(found.choices[0].values if found.choices else {})}
