"""What the operator may do in a cluster, as data: its role, the chart and `operator --check` are all made from here."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from credential_operator.names import GROUP, PLURAL


class Where(StrEnum):
    """Where a permission is needed."""

    SERVED = "served"
    """In every namespace that is served, or in the whole cluster."""
    OWN = "own"
    """In the operator's own namespace."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Verbs on a resource, and what for.

    Attributes:
        group: API group; empty for the core.
        resource: Its plural, with a subresource after a slash.
        verbs: What is done.
        why: What would not work without.
        where: Where it is needed.
        optional: Whether a cluster that does not use the feature can do without.
    """

    group: str
    resource: str
    verbs: tuple[str, ...]
    why: str
    where: Where = Where.SERVED
    optional: bool = False


PERMISSIONS: tuple[Permission, ...] = (
    Permission(GROUP, PLURAL, ("get", "list", "watch"), "To see the resources."),
    Permission(GROUP, f"{PLURAL}/status", ("patch",), "To say how they are."),
    Permission("", "secrets", ("list", "watch"), "To notice changes; only metadata is asked for."),
    Permission("", "secrets", ("get",), "To read the Secrets that resources refer to."),
    Permission("", "secrets", ("create", "update", "patch", "delete"), "To write outputs and to remove them."),
    Permission("", "events", ("create",), "To say what changed."),
    *(
        Permission("apps", kind, ("list", "patch"), "To renew pods (`rolloutRestart`).", optional=True)
        for kind in ("deployments", "statefulsets", "daemonsets")
    ),
    Permission("coordination.k8s.io", "leases", ("get", "create", "update"), "One instance at a time.", Where.OWN),
)


def rules(where: Where) -> list[dict[str, Any]]:
    """Return the rules of a Role or ClusterRole."""
    made: dict[tuple[str, str], list[str]] = {}
    for permission in PERMISSIONS:
        if permission.where is where:
            made.setdefault((permission.group, permission.resource), []).extend(permission.verbs)
    return [
        {"apiGroups": [group], "resources": [resource], "verbs": verbs} for (group, resource), verbs in made.items()
    ]
