"""`publish`, `withdraw`, `publications`, `manifest`: stored credentials for namespaces of a cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from webapp.commands.group import Command
from webapp.commands.options import CredentialName, json_option, opened, refuse_locked, this_user, with_settings
from webapp.commands.output import echo_json, table
from webapp.core.errors import NotFoundError, PermanentError
from webapp.core.presentation import moment
from webapp.settings import Scope, Settings

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.store import Credential
    from webapp.core.store.cluster import ClusterCredential, Publication

yes_option = click.option("--yes", is_flag=True, help="Do not ask.")
namespaces_argument = click.argument(
    "namespaces", nargs=-1, required=True, help="Namespaces, or patterns such as team-*."
)


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@namespaces_argument
@yes_option
@json_option
@with_settings(Scope.EVERY)
def publish(settings: Settings, name: str, namespaces: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Offer a credential to namespaces: resources there may refer to it by its name.

    In a pattern, * stands for any letters; it fits namespaces that are made later as well.
    """
    from webapp.core.cluster.publishing import check_pattern  # noqa: PLC0415  the help text needs no cluster

    patterns = [check_pattern(namespace) for namespace in namespaces]
    with opened(settings) as runtime:
        credential = runtime.store.credentials.find(name)
        if not yes:
            patterns = [one for one in patterns if confirmed(f"Publish “{credential.name}” to {one}?")]
            refuse_none(patterns, "Nothing was published.")
        runtime.publishing.publish(credential.id, patterns, by=this_user())
        if as_json:
            echo_json(
                {"publications": [told(credential, one) for one in runtime.store.publications.list(credential.id)]}
            )
        else:
            click.echo(f"“{credential.name}” is published to {', '.join(patterns)}.")


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@namespaces_argument
@yes_option
@json_option
@with_settings(Scope.EVERY)
def withdraw(settings: Settings, name: str, namespaces: tuple[str, ...], *, yes: bool, as_json: bool) -> None:
    """Withdraw a publication, named as it was made; the operator removes the Secrets that it fed."""
    with opened(settings) as runtime:
        credential = runtime.store.credentials.find(name)
        chosen = [publication_to(runtime, credential, namespace) for namespace in namespaces]
        if not yes:
            chosen = [one for one in chosen if confirmed(question(credential, one, runtime.publishing.fed_by(one)))]
            refuse_none(chosen, "Nothing was withdrawn.")
        fed = [resource for one in chosen for resource in runtime.publishing.withdraw(one.id, by=this_user())]
    if as_json:
        echo_json({"withdrawn": [one.pattern for one in chosen], "fed": [resource.id for resource in fed]})
    else:
        click.echo(f"“{credential.name}” was withdrawn from {', '.join(one.pattern for one in chosen)}.")


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), required=False, help="The name of a stored credential; all without it.")
@json_option
@with_settings(Scope.EVERY)
def publications(settings: Settings, name: str | None, *, as_json: bool) -> None:
    """List which credential is offered to which namespaces, and what it feeds there."""
    with opened(settings) as runtime:
        chosen = [runtime.store.credentials.find(name)] if name else runtime.service.all()
        known = {credential.id: credential for credential in chosen}
        listed = [one for one in runtime.store.publications.list() if one.credential in known]
        fed = {one.id: [resource.id for resource in runtime.publishing.fed_by(one)] for one in listed}
    if as_json:
        echo_json({"publications": [told(known[one.credential], one) | {"feeds": fed[one.id]} for one in listed]})
        return
    rows = [[known[one.credential].name, one.pattern, ", ".join(fed[one.id])] for one in listed]
    click.echo(table([["NAME", "NAMESPACES", "FEEDS"], *rows]) if rows else "Nothing is published.")


@click.command(cls=Command)
@click.argument("name", type=CredentialName(), help="The name of a stored credential; case does not matter.")
@click.option("--namespace", required=True, metavar="NAMESPACE", help="Where the resource is going to be.")
@click.option(
    "--name", "resource", default="", metavar="NAME", help="What it is going to be called; else after this one."
)
@json_option
@with_settings(Scope.EVERY)
def manifest(settings: Settings, name: str, namespace: str, resource: str, *, as_json: bool) -> None:
    """Print a credential as a BackupCredential whose secrets are sealed for one namespace and name."""
    from webapp.core.formats.delivery import resource_name  # noqa: PLC0415  the help text needs no formats

    with opened(settings) as runtime:
        refuse_locked(runtime)
        credential = runtime.store.credentials.find(name)
        wanted = resource or resource_name(credential.name)
        text = runtime.copies.manifest(credential.id, namespace, wanted, by=this_user())
    if as_json:
        echo_json({"manifest": text})
    else:
        click.echo(text, nl=False)


def publication_to(runtime: Runtime, credential: Credential, pattern: str) -> Publication:
    """Return a credential's publication as it was made.

    Raises:
        NotFoundError: There is none like it.
    """
    for one in runtime.store.publications.list(credential.id):
        if one.pattern == pattern.strip():
            return one
    raise NotFoundError(f"“{credential.name}” is not published to {pattern.strip()[:80]}.", field="namespaces")


def question(credential: Credential, publication: Publication, fed: list[ClusterCredential]) -> str:
    """Return what is asked before a publication is withdrawn."""
    secrets = [f"{one.namespace}/{output.name}" for one in fed for output in one.outputs]
    lost = f" The Secrets {', '.join(secrets)} are removed." if secrets else " It feeds nothing."
    return f"{lost.strip()} Withdraw “{credential.name}” from {publication.pattern}?"


def confirmed(text: str) -> bool:
    """Ask yes or no; where nobody can be asked, say how to go on."""
    if not sys.stdin.isatty():
        raise click.UsageError("Nobody can be asked here. Say --yes to go on.")
    return click.confirm(text, err=True)


def refuse_none(chosen: list[str] | list[Publication], sentence: str) -> None:
    """Stop when every answer was no."""
    if not chosen:
        raise PermanentError(sentence)


def told(credential: Credential, publication: Publication) -> dict[str, object]:
    """Return a publication as JSON has it."""
    return {
        "credential": {"id": credential.id, "name": credential.name},
        "namespaces": publication.pattern,
        "created": moment(publication.created),
        "created_by": publication.created_by,
    }
