"""The Secrets that a resource leads to, as they should stand in the cluster."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from credential_operator.names import API_VERSION, KIND, MANAGED_BY, OWNER, PRODUCT
from credential_operator.reasons import Reason, TroubleError
from credential_operator.wanted.spec import Output
from credential_operator.wanted.values import Place, sentence
from webapp.core.errors import CredentialError, TransientError
from webapp.core.formats import Rendered, Source, UnsupportedFormatError, render
from webapp.core.naming import camel
from webapp.core.validation import InvalidValuesError

HASH_DIGITS = 32
LARGEST = 1024 * 1024
"""Bytes that the values of a Secret may have together (the API server's own limit)."""


@dataclass(frozen=True, slots=True)
class Made:
    """One Secret as it should be.

    Attributes:
        name: Its name.
        format: The format that made it.
        type: Its type.
        data: Its values, in base64.
        labels: Its labels, ours among them.
        annotations: Its annotations, ours among them.
        hash: A keyed hash over all of this; tells a difference and nothing about the values.
    """

    name: str
    format: str
    type: str
    data: Mapping[str, str] = field(repr=False)
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    hash: str


def rendered(output: Output, source: Source, options: Mapping[str, object]) -> Rendered:
    """Return a credential in the shape of an output.

    Raises:
        TroubleError: The format cannot carry these values, or an option cannot work.
    """
    with told(output):
        return render(output.format, source, options)


@contextmanager
def told(output: Output) -> Generator[None]:
    """Tell a refusal of a format as the trouble of a resource, with the output's name.

    Raises:
        TroubleError: Instead of what the core raises.
    """
    try:
        yield
    except UnsupportedFormatError as error:
        raise TroubleError(Reason.FORMAT_UNSUPPORTED, sentence(output.name, error.message)) from None
    except TransientError as error:
        raise TroubleError(Reason.STORE_UNAVAILABLE, error.message, retry=True) from None
    except InvalidValuesError as error:
        message = sentence(output.name, sentence(camel(error.field), error.message))
        raise TroubleError(Reason.OPTION_INVALID, message) from None
    except CredentialError as error:
        raise TroubleError(Reason.VALUE_INVALID, sentence(output.name, error.message)) from None


def make(output: Output, place: Place, rendered: Rendered, key: bytes) -> Made:
    """Return the Secret of an output.

    Raises:
        TroubleError: It is larger than a Secret may be.
    """
    if sum(len(value) for value in rendered.data.values()) > LARGEST:
        raise TroubleError(Reason.OPTION_INVALID, f"{output.name}: a Secret cannot hold more than 1 MiB.")
    labels = {**output.labels, MANAGED_BY: PRODUCT}
    annotations = {**output.annotations, OWNER: place.name}
    data = {name: base64.b64encode(value).decode() for name, value in rendered.data.items()}
    digest = digest_of(key, rendered.secret_type, data, labels, annotations)
    return Made(output.name, output.format, rendered.secret_type, data, labels, annotations, digest)


def digest_of(
    key: bytes, secret_type: str, data: Mapping[str, str], labels: Mapping[str, str], annotations: Mapping[str, str]
) -> str:
    """Return the keyed hash of a Secret's content; every part goes in with its length, so that none can pass as two."""
    running = hmac.new(key, digestmod=hashlib.sha256)
    for part in (secret_type, *_flat(data), "", *_flat(labels), "", *_flat(annotations)):
        encoded = part.encode()
        running.update(len(encoded).to_bytes(4, "big") + encoded)
    return running.hexdigest()[:HASH_DIGITS]


def _flat(values: Mapping[str, str]) -> list[str]:
    return [text for name in sorted(values) for text in (name, values[name])]


def same_content(made: Made, found: Mapping[str, Any], key: bytes) -> bool:
    """Tell whether a Secret as read from the API server has what it should have; others may have added to it."""
    meta = found.get("metadata") or {}
    labels, annotations = meta.get("labels") or {}, meta.get("annotations") or {}
    own_labels = {name: labels.get(name, "") for name in made.labels}
    own_annotations = {name: annotations.get(name, "") for name in made.annotations}
    found_digest = digest_of(key, found.get("type", ""), found.get("data") or {}, own_labels, own_annotations)
    return hmac.compare_digest(found_digest, made.hash)


def owner_reference(place: Place, uid: str) -> dict[str, Any]:
    """Return the reference by which garbage collection takes an output with its resource."""
    return {"apiVersion": API_VERSION, "kind": KIND, "name": place.name, "uid": uid, "controller": True}


def body_of(made: Made, place: Place, uid: str) -> dict[str, Any]:
    """Return a Secret to be created; without `uid` it belongs to nobody and stays."""
    meta: dict[str, Any] = {
        "name": made.name,
        "namespace": place.namespace,
        "labels": dict(made.labels),
        "annotations": dict(made.annotations),
    }
    if uid:
        meta["ownerReferences"] = [owner_reference(place, uid)]
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": made.type, "data": dict(made.data)}
