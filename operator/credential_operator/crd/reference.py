"""The page of the documentation about the resource, written from the definition."""

from __future__ import annotations

from collections.abc import Iterator

from credential_operator.crd import spec_node
from credential_operator.crd.fields import described, option_node, plain_node
from credential_operator.crd.nodes import Schema
from credential_operator.crd.outputs import options
from credential_operator.crd.providers import offered
from credential_operator.crd.status import status_node
from webapp.core.fields import Field
from webapp.core.formats import FORMATS
from webapp.core.naming import camel, members
from webapp.core.providers.base import Provider, Support

EXAMPLE = """\
apiVersion: backupcredentials.dev/v1alpha1
kind: BackupCredential
metadata: {name: nightly, namespace: db}
spec:
  provider:
    s3:
      accessKeyId: AKIAIOSFODNN7EXAMPLE
      secretAccessKey: {secretKeyRef: {name: s3-keys, key: secret}}
      endpoint: https://s3.example.com
      region: eu-central-1
  verification: {interval: 6h, target: backups}
  secrets:
  - {name: nightly-restic, format: restic, options: {repository: backups/db}}
  - {name: nightly-rclone, format: rclone}
  deletionPolicy: Delete
"""
INTRODUCTION = f"""\
# The resource BackupCredential

`backupcredentials.dev/v1alpha1`, kind `BackupCredential`, short name `bc`. `backup-credentials crd` prints the
definition, `backup-credentials crd --apply` puts it into a cluster, and `kubectl explain bc.spec` tells the same as
this page.

```yaml
{EXAMPLE}```

A field that is a secret takes `{{secretKeyRef: {{name, key}}}}`, a key of a Secret in the same namespace, or
`{{sealed: …}}`, a value encrypted to the server's public key. It cannot hold plain text. What cannot work is refused by
the API server with a sentence; what only the operator can know is said in the status.
"""
HEAD = "| Field | Value | What it is |\n| --- | --- | --- |"


def resource_page() -> str:
    """Return the whole page."""
    blocks = "\n".join(provider_section(name, known) for name, known in members().items())
    parts = (
        INTRODUCTION,
        f"## spec\n\n{HEAD}\n" + "\n".join(rows(spec_node(), "", ("provider",))),
        f"## spec.provider\n\nExactly one of these.\n\n{blocks}",
        f"## Options of the formats\n\n{options_table()}",
        f"## status\n\n{HEAD}\n" + "\n".join(rows(status_node(), "", ())),
    )
    return "\n\n".join(part.strip() for part in parts) + "\n"


def rows(node: Schema, path: str, closed: tuple[str, ...]) -> Iterator[str]:
    """Give a line for each member of a node and of the nodes in it; those in `closed` are told elsewhere."""
    needed = node.get("required", ())
    for name, child in node.get("properties", {}).items():
        place = f"{path}{name}"
        told = child.get("description", "").replace("|", "\\|")
        yield f"| `{place}` | {kind(child)}{', required' if name in needed else ''} | {told} |"
        if name not in closed and name != "options":
            inner = child.get("items", child)
            yield from rows(inner, f"{place}[]." if "items" in child else f"{place}.", closed)


def kind(node: Schema) -> str:
    """Return what may be written for a node."""
    if "enum" in node and len(node["enum"]) <= 8:  # noqa: PLR2004  longer lists are told by the API server
        return " · ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in node["enum"])
    if "additionalProperties" in node:
        return "names and texts"
    names = {"array": "list", "string": "text", "integer": "whole number", "boolean": "true or false"}
    return "time" if node.get("format") == "date-time" else names.get(node["type"], "object")


def provider_section(name: str, known: Provider) -> str:
    """Return the fields of one provider as a table."""
    if known.support is Support.UNSUPPORTED:
        return f"### {name}\n\n{known.label} is refused. {known.note}\n"
    lines = "\n".join(field_row(field) for field in offered(known))
    sets = "".join(f"{one_of.message}\n\n" for one_of in known.one_of if len(one_of.sets) > 1)
    note = f" {known.note}" if known.note else ""
    return f"### {name}\n\n{known.label}. {known.summary}{note}\n\n{sets}{HEAD}\n{lines}\n"


def field_row(field: Field) -> str:
    """Return the line of a field."""
    value = "secret" if field.secret else kind(plain_node(field))
    needed = ", required" if field.required and not field.shown_when else ""
    return f"| `{camel(field.key)}` | {value}{needed} | {described(field)} |".replace("\n", " ")


def options_table() -> str:
    """Return every option with the formats that take it."""
    lines = [
        f"| `{name}` | {'secret' if uses[0][1].secret else kind(option_node(uses[0][1]))} "
        f"| {uses[0][1].help} | {', '.join(f'`{key}`' for key, _ in uses)} |"
        for name, uses in options().items()
    ]
    without = ", ".join(f"`{known.key}`" for known in FORMATS.values() if not known.options)
    head = "| Option | Value | What it is | Formats |\n| --- | --- | --- | --- |"
    secret = (
        "An option that is a secret belongs to the repository: `{secretKeyRef}`, `{sealed}`, or `{generate: true}`, "
        "which makes it once and never again. Left out, it is generated as well."
    )
    return f"{secret}\n\n{head}\n" + "\n".join(lines) + f"\n\nWithout options: {without}."
