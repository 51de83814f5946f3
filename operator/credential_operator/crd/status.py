"""The status of a resource as a node: names, numbers and sentences; never a value."""

from __future__ import annotations

from credential_operator.crd.nodes import NAME_LIMIT, Schema, group, keyed_list, text, whole
from credential_operator.crd.outputs import LABEL_LIMIT, MOST_OUTPUTS

MESSAGE_LIMIT = 4096
MOST_SOURCES = 256
MOMENT = {"type": "string", "format": "date-time", "description": "When."}
VERSION_LIMIT = 64


def status_node() -> Schema:
    """Return `status`."""
    generation = whole("The generation of the specification that this status speaks of.", minimum=0)
    return group(
        "What the operator found and did.",
        {
            "observedGeneration": generation,
            "provider": text("The provider, as the web app calls it.", 128),
            "synced": text("How many Secrets are written, of how many: 2/2.", 16),
            "conditions": keyed_list("Ready, SecretsSynced, Verified.", condition_node(), "type", 8),
            "secrets": keyed_list("The Secrets that were written.", output_node(), "name", MOST_OUTPUTS),
            "sources": keyed_list("The Secrets that were read.", source_node(), "name", MOST_SOURCES),
            "lastVerification": verification_node(),
        },
    )


def condition_node() -> Schema:
    """Return one condition, by the conventions of Kubernetes (metav1.Condition)."""
    return group(
        "A condition.",
        {
            "type": text("Its name.", 316),
            "status": text("Whether it holds.", 7, enum=["True", "False", "Unknown"]),
            "observedGeneration": whole("The generation that it speaks of.", minimum=0),
            "lastTransitionTime": {**MOMENT, "description": "When its status changed last."},
            "reason": text("Why, in one word for programs.", 1024, minLength=1),
            "message": text("Why, in a sentence for people.", MESSAGE_LIMIT),
        },
        required=("type", "status", "lastTransitionTime", "reason", "message"),
    )


def output_node() -> Schema:
    """Return one Secret that was written."""
    return group(
        "A Secret that was written.",
        {
            "name": text("Its name.", NAME_LIMIT),
            "format": text("Its format.", LABEL_LIMIT),
            "hash": text("A keyed hash of its content: it changes when the content does.", 128),
            "resourceVersion": text("Its version when it was written.", VERSION_LIMIT),
        },
        required=("name",),
    )


def source_node() -> Schema:
    """Return one Secret that was read."""
    return group(
        "A Secret that was read.",
        {
            "name": text("Its name.", NAME_LIMIT),
            "resourceVersion": text("Its version when it was read.", VERSION_LIMIT),
        },
        required=("name",),
    )


def verification_node() -> Schema:
    """Return the last verification."""
    return group(
        "The last verification.",
        {
            "state": text("What it found.", LABEL_LIMIT),
            "time": {**MOMENT, "description": "When it was done."},
            "message": text("What it found, in a sentence.", MESSAGE_LIMIT),
            "requested": text("The text of the annotation that asked for it.", MESSAGE_LIMIT),
        },
    )
