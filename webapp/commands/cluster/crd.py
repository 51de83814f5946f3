"""`crd`: the definition of the custom resource."""

from __future__ import annotations

import click

from webapp.commands.group import Command
from webapp.commands.options import json_option
from webapp.commands.output import echo_json


@click.command(cls=Command)
@click.option("--apply", "applied", is_flag=True, help="Put it into the cluster of the current kubeconfig instead.")
@click.option("--context", default="", metavar="NAME", help="Context of the kubeconfig, with --apply.")
@json_option
def crd(*, applied: bool, context: str, as_json: bool) -> None:
    """Print the definition of `BackupCredential` for kubectl, or apply it to a cluster.

    `backup-credentials crd | kubectl apply -f -` and `backup-credentials crd --apply` do the same. Applying it again
    brings the definition of this version and leaves all resources as they are.
    """
    from credential_operator.crd import definition  # noqa: PLC0415  the help text needs no formats

    if context and not applied:
        raise click.UsageError("--context goes with --apply.")
    if applied:
        from credential_operator.crd.applying import apply  # noqa: PLC0415  it loads the official client

        apply(context=context)
        name = definition()["metadata"]["name"]
        echo_json({"applied": name}) if as_json else click.echo(f"{name} is in the cluster.")
    elif as_json:
        echo_json(definition())
    else:
        click.echo(as_yaml(), nl=False)


def as_yaml() -> str:
    """Return the definition as the file `deploy/crd.yaml` holds it."""
    import yaml  # noqa: PLC0415  the help text needs no YAML

    from credential_operator.crd import definition  # noqa: PLC0415

    head = "# Written by `backup-credentials crd`; a test compares it.\n"
    return head + yaml.safe_dump(definition(), sort_keys=False, width=120, allow_unicode=True)
