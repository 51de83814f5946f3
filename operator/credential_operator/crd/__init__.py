"""The definition of the custom resource, made from the fields and the formats; nothing is written down twice."""

from __future__ import annotations

from typing import Any

from credential_operator.crd.nodes import (
    Schema,
    first_broken,
    group,
    literal,
    object_name,
    rule,
    text,
    texts_by_name,
    with_rules,
    yes_or_no,
)
from credential_operator.crd.outputs import LABEL, LABEL_LIMIT, secrets_node
from credential_operator.crd.providers import providers_node
from credential_operator.crd.status import status_node
from credential_operator.names import GROUP, KIND, PLURAL, VERSION

__all__ = ["definition"]

STORE_NAME_LIMIT = 200
INTERVAL = "^(0|([0-9]{1,6}[smhd]){1,4})$"
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet")


def definition() -> dict[str, Any]:
    """Return the CustomResourceDefinition as it is sent to the API server."""
    names = {
        "kind": KIND,
        "listKind": f"{KIND}List",
        "plural": PLURAL,
        "singular": KIND.lower(),
        "shortNames": ["bc"],
        "categories": ["backup", "credentials"],  # one named as a resource, such as secrets, takes its place in kubectl
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{PLURAL}.{GROUP}"},
        "spec": {"group": GROUP, "scope": "Namespaced", "names": names, "versions": [version()]},
    }


def version() -> dict[str, Any]:
    """Return the one version that is served and stored."""
    return {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [*columns()],
        "schema": {"openAPIV3Schema": root_node()},
    }


def columns() -> list[dict[str, Any]]:
    """Return what `kubectl get` shows."""
    ready = '.status.conditions[?(@.type=="Ready")]'
    verified = '.status.conditions[?(@.type=="Verified")]'
    return [
        column("Provider", ".status.provider", "What the credential is for."),
        column("Ready", f"{ready}.status", "Whether every Secret is as it should be."),
        column("Reason", f"{ready}.reason", "Why."),
        column("Verified", f"{verified}.status", "Whether the provider accepts the credential."),
        column("Secrets", ".status.synced", "How many Secrets are written, of how many."),
        column("Message", f"{ready}.message", "Why, in a sentence.", priority=1),
        column("Verification", f"{verified}.message", "What the provider said.", priority=1),
        column("Checked", ".status.lastVerification.time", "When it was verified last.", type="date", priority=1),
        column("Age", ".metadata.creationTimestamp", "When the resource was made.", type="date"),
    ]


def column(name: str, path: str, description: str, **more: Any) -> dict[str, Any]:
    """Return one column."""
    return {"name": name, "type": "string", "jsonPath": path, "description": description, **more}


def root_node() -> Schema:
    """Return the whole resource."""
    written = "A credential that backups run on. It becomes Secrets in the shapes that backup tools read."
    properties: dict[str, Schema] = {
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"type": "object"},
        "spec": spec_node(),
        "status": status_node(),
    }
    return group(written, properties, required=("spec",))


def spec_node() -> Schema:
    """Return `spec`."""
    node = group(
        "Where the credential comes from, and which Secrets it becomes.",
        {
            "provider": providers_node(),
            "store": store_node(),
            "verification": verification_node(),
            "secrets": secrets_node(),
            "deletionPolicy": text(
                "What happens to the Secrets when the resource is deleted. Default: Delete.",
                LABEL_LIMIT,
                enum=["Delete", "Retain"],
            ),
            "rolloutRestart": rollout_node(),
        },
    )
    one = "Give the credential once: under provider, or as store with the name of one that was published here."
    return with_rules(node, [rule("has(self.provider) != has(self.store)", one)])


def store_node() -> Schema:
    """Return the reference to a credential of the web app."""
    name = text("Its name in the web app.", STORE_NAME_LIMIT, minLength=1)
    written = "A credential of the web app that was published to this namespace, instead of a provider."
    return group(written, {"name": name}, required=("name",))


def verification_node() -> Schema:
    """Return how the credential is verified."""
    interval = text("Time between two verifications, such as 30m, 6h or 7d; 0 for never. Default: 24h.", 32)
    sentence = "An interval is a number with s, m, h or d, such as 6h or 1h30m; 0 means never."
    often = "!self.matches('^[0-5]?[0-9]s$') || self.matches('^0+s$')"
    checks = [(f"self.matches({literal(INTERVAL)})", sentence), (often, "Verify once a minute at most.")]
    target = "A bucket or container, and a folder in it, that verification looks into. Empty lists all of them."
    return group(
        "When the provider is asked whether it accepts the credential.",
        {
            "interval": with_rules(interval, first_broken(checks)),
            "target": text(target, 1024),
            "gate": yes_or_no("Keep the last good Secrets while a changed credential does not verify."),
        },
    )


def rollout_node() -> Schema:
    """Return whose pods are made anew when a Secret changed."""
    workload = group(
        "A workload of this namespace.",
        {"kind": text("Its kind.", LABEL_LIMIT, enum=list(WORKLOADS)), "name": object_name("Its name.")},
        required=("kind", "name"),
    )
    targets: Schema = {
        "type": "array",
        "description": "Workloads by name.",
        "maxItems": 64,
        "items": workload,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["kind", "name"],
    }
    labels = texts_by_name("All workloads that have these labels.", LABEL_LIMIT, 16, LABEL, minProperties=1)
    node = group(
        "Workloads of this namespace whose pods are made anew when a Secret changed.",
        {"targets": targets, "matchLabels": labels},
    )
    return with_rules(node, [rule("has(self.targets) || has(self.matchLabels)", "Name targets or matchLabels.")])
