"""`add`, `list`, `show`, `change`, `rename` and `delete`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from webapp.commands.credentials.values import read_stdin
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
from webapp.commands.output import NEVER, age, echo_json, print_warnings, table
from webapp.core.errors import PermanentError, readable
from webapp.core.presentation import attributes, described, hint, one_line, summaries, user
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.service import User
    from webapp.core.store import Credential, Store

PAGE = 500
"""Credentials read from the store at once."""


@click.command(cls=Command)
@click.argument("name", help="A name of 1 to 100 characters that no other credential has.")
@provider_option(required=True, help="What kind of credential it is, such as S3; the page on providers lists all.")
@json_option
@with_settings(Scope.EVERY)
def add(settings: Settings, name: str, provider_type: str, *, as_json: bool) -> None:
    """Save a new credential.

    Its values are read from standard input as a JSON object with one member per field. Nothing is asked of the
    provider; `verify` does that.
    """
    values = read_stdin()
    with opened(settings) as runtime:
        refuse_locked(runtime)
        checked = runtime.service.examine(provider_type, values)
        credential = runtime.service.add(name, provider_type, values, by=this_user())
    print_warnings(checked.problems)
    tell_saved(credential, as_json=as_json)


@click.command("list", cls=Command)
@click.option("--search", "text", default="", metavar="TEXT", help="Only names with this text.")
@provider_option(default=None, help="Only this kind.")
@click.option("--state", default="", metavar="STATE", help="Only those whose last verification said this.")
@json_option
@with_settings(Scope.EVERY)
def list_credentials(settings: Settings, text: str, provider_type: str | None, state: str, *, as_json: bool) -> None:
    """List the credentials with the state of their last verification."""
    with opened(settings) as runtime:
        found = list(everything(runtime.store, text, provider_type or "", state_named(state)))
        told = summaries(found, runtime.store.logins)
    if as_json:
        echo_json(told)
    elif found:
        lines = (
            row(one, needs_login=more["needs_login"], account=more["account"])
            for one, more in zip(found, told, strict=True)
        )
        click.echo(table([("NAME", "PROVIDER", "STATE", "CHECKED", "ACCOUNT"), *lines]))
    else:
        click.echo("There is no such credential." if text or provider_type or state else "There is no credential yet.")


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@click.option("--reveal", is_flag=True, help="Show secrets instead of the mask.")
@json_option
@with_settings(Scope.EVERY)
def show(settings: Settings, name: str, *, reveal: bool, as_json: bool) -> None:
    """Show a credential and its values; secrets are masked."""
    from webapp.core.store.audit import About, Action  # noqa: PLC0415  the help text needs no store

    with opened(settings) as runtime:
        refuse_locked(runtime, Action.READ if reveal else None)
        credential = runtime.store.credentials.find(name)
        about: About = {"kind": "credential", "subject": credential.id, "name": credential.name}
        if credential.damaged:
            error = PermanentError(credential.damaged)
            if reveal:
                runtime.store.audit.failed(Action.READ, error, **about)
            raise error
        if reveal:
            runtime.store.audit.note(Action.READ, **about)
        users = runtime.service.used_by(credential.id)
    if as_json:
        echo_json(described(credential, reveal=reveal) | {"used_by": [user(one) for one in users]})
    else:
        click.echo("\n".join(lines(credential, users, reveal=reveal)))


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@json_option
@with_settings(Scope.EVERY)
def change(settings: Settings, name: str, *, as_json: bool) -> None:
    """Change values of a credential.

    Those to change are read from standard input as a JSON object; the others stay, and an empty text takes one out.
    Another host, endpoint or user asks for the secret again. Nothing is asked of the provider; `verify` does that.
    """
    from webapp.core.providers import provider  # noqa: PLC0415  the help text needs no providers
    from webapp.core.redaction import plain_attributes  # noqa: PLC0415

    values = read_stdin()
    with opened(settings) as runtime:
        refuse_locked(runtime)
        found = readable(runtime.store.credentials.find(name))
        wanted = plain_attributes(provider(found.provider), found.attributes) | values
        changed = runtime.service.edit(found.id, wanted, version=found.version, by=this_user())
    tell_saved(changed, as_json=as_json)


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@click.argument("new", help="A name of 1 to 100 characters that no other credential has.")
@json_option
@with_settings(Scope.EVERY)
def rename(settings: Settings, name: str, new: str, *, as_json: bool) -> None:
    """Give a credential another name."""
    with opened(settings) as runtime:
        found = runtime.store.credentials.find(name)
        changed = runtime.service.rename(found.id, new, version=found.version, by=this_user())
    tell_saved(changed, as_json=as_json)


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
@with_settings(Scope.EVERY)
def delete(settings: Settings, name: str, *, yes: bool, as_json: bool) -> None:
    """Delete a credential for good."""
    with opened(settings) as runtime:
        credential = runtime.store.credentials.find(name)
        if not yes:
            ask(credential.name)
        runtime.service.delete(credential.id, version=credential.version, by=this_user())
    if as_json:
        echo_json({"deleted": {"id": credential.id, "name": credential.name}})
    else:
        click.echo(f"Deleted “{credential.name}”.")


def tell_saved(changed: Credential, *, as_json: bool) -> None:
    """Say that a credential was saved."""
    if as_json:
        echo_json(described(changed, reveal=False))
    else:
        click.echo(f"Saved “{changed.name}”.")


def ask(name: str) -> None:
    """Ask whether to delete.

    Raises:
        PermanentError: The answer is no.
    """
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked here. Say --yes to delete it.")
    if not click.confirm(f"Delete “{name}” for good?", err=True):
        raise PermanentError("Nothing was deleted.")


def state_named(state: str) -> str:
    """Return a state that can be searched for."""
    from webapp.core.verification.states import State  # noqa: PLC0415  the help text needs no states

    if state and state not in set(State):
        raise click.UsageError(f"There is no such state. Known are {', '.join(State)}.")
    return state


def everything(store: Store, text: str, provider: str, state: str) -> Iterator[Credential]:
    """Give every credential that is wanted, by name, page by page."""
    number = 1
    while True:
        page = store.credentials.search(text=text, provider=provider, state=state, page=number, size=PAGE)
        yield from page.items
        if number * PAGE >= page.total:
            return
        number += 1


def row(credential: Credential, *, needs_login: bool = False, account: str = "") -> tuple[str, ...]:
    """Return the line of a list; that a log-in is over says more than what the last check said."""
    last = credential.verification
    broken = "locked" if credential.locked else "damaged"
    state = broken if credential.damaged else (last.state if last else NEVER)
    state = "needs re-login" if needs_login else state
    return (
        credential.name,
        credential.provider,
        state,
        age(last.at if last else None),
        one_line(account) or hint(credential),
    )


def lines(credential: Credential, users: tuple[User, ...], *, reveal: bool) -> Iterator[str]:
    """Give a credential as lines for a person; several lines of a value stand indented below its key."""
    last = credential.verification
    yield f"Name:      {credential.name}"
    yield f"Provider:  {credential.provider}"
    yield f"Changed:   {credential.changed:%Y-%m-%d %H:%M} UTC by {one_line(credential.changed_by)}"
    yield f"Verified:  {last.state}, {age(last.at)}: {one_line(last.message)}" if last else f"Verified:  {NEVER}"
    if users:
        yield f"Used by:   {one_line(', '.join(f'{one.kind} {one.name}' for one in users))}"
    yield "Values:"
    for key, value in attributes(credential, reveal=reveal).items():
        text = str(value).lower() if isinstance(value, bool) else str(value)
        yield f"  {key}: {text}" if "\n" not in text else f"  {key}:\n    " + text.strip().replace("\n", "\n    ")
