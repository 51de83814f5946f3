"""Writes outputs: create-only first, guarded afterwards, and never over a Secret that is not ours.

Between a look and a write somebody may come. So a first write can only create, and every later one names the version
that was looked at: the API server refuses it when another one stands there.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from credential_operator.controller.held import Held
from credential_operator.controller.index import Index, Secret, SecretMeta
from credential_operator.kube.client import METADATA, PATCH, Kube
from credential_operator.kube.errors import DENIED, EXCEEDED_QUOTA, KubeError
from credential_operator.names import ADOPT, API_VERSION, KIND, PRODUCT
from credential_operator.reasons import Reason, TroubleError
from credential_operator.wanted.made import Made, body_of, owner_reference, same_content
from credential_operator.wanted.values import Place

TRIES = 4
MANAGER = f"?fieldManager={PRODUCT}"


class ForeignSecretError(TroubleError):
    """A Secret that is somebody else's stands where an output belongs."""

    def __init__(self, name: str, whose: str) -> None:
        super().__init__(
            Reason.TARGET_CONFLICT,
            f"There is a Secret {name} that {whose}. Choose another name, or let it be taken over: "
            f"kubectl annotate secret {name} {ADOPT}=<name of this resource>.",
        )


class Writer:
    """Makes Secrets as they should be.

    Args:
        kube: The session.
        index: Knows what stands in the cluster.
        key: Key of the hash over contents.
    """

    def __init__(self, kube: Kube, index: Index, key: bytes) -> None:
        self._kube, self._index, self._key = kube, index, key

    def refuse_younger(self, held: Held, name: str) -> None:
        """Leave an output to the older resource that also asks for it.

        Raises:
            TroubleError: There is an older one.
        """
        first = self._index.claimants((held.place.namespace, name))[:1]
        if first and first[0] is not held:
            raise TroubleError(
                Reason.TARGET_CONFLICT,
                f"The resource {first[0].place.name} is older and asks for the Secret {name} as well. "
                "Give one of them another name.",
            )

    async def write(self, held: Held, made: Made, recorded: Mapping[str, str], *, retain: bool) -> tuple[str, bool]:
        """Make one output as it should be; return its version, and whether it was written.

        Args:
            held: The resource.
            made: The Secret as it should be.
            recorded: What the status says of it; empty for a new one.
            retain: Whether it shall have no owner.

        Raises:
            TroubleError: It is not ours, others change it all the time, or a rule of the cluster forbids what it holds.
            KubeError: A permission is missing, or the API server did not answer.
        """
        secret = (held.place.namespace, made.name)
        for _ in range(TRIES):
            try:
                return await self._once(held, made, recorded, secret, retain=retain)
            except KubeError as error:
                if error.denied:
                    raise _refused(made.name, error) from None
                if not (error.conflict or error.missing):
                    raise
                await self._look(secret)
        raise TroubleError(Reason.API_ERROR, f"The Secret {made.name} is changed by others all the time.", retry=True)

    async def _once(
        self, held: Held, made: Made, recorded: Mapping[str, str], secret: Secret, *, retain: bool
    ) -> tuple[str, bool]:
        meta = self._index.metas.get(secret)
        uid = "" if retain else held.uid
        if meta is None:
            return await self._create(held, made, uid), True
        self._refuse_foreign(held, made.name, meta)
        ours = meta.belongs_to(held.place.name) and meta.controller[2] == uid
        untouched = ours and recorded.get("resourceVersion") == meta.version
        if untouched and recorded.get("hash") == made.hash:
            return meta.version, False
        patchable = untouched and recorded.get("format") == made.format and _seen(held)
        version = await self._replace_values(made, meta, secret) if patchable else ""
        return (version, True) if version else await self._replace(held, made, uid, secret)

    def _refuse_foreign(self, held: Held, name: str, meta: SecretMeta) -> None:
        """Refuse to write over a Secret, unless it is ours, may be adopted, or is a younger resource's."""
        own = held.place.name
        if meta.belongs_to(own) or meta.adopt == own:
            return
        kind, controller, _ = meta.controller
        other = controller if kind == KIND else "" if kind else meta.owner
        younger = self._index.resources.get(Place(held.place.namespace, other)) if other else None
        if younger and name in younger.outputs and held.age < younger.age:
            return
        if other:
            raise ForeignSecretError(name, f"belongs to the resource {other}")
        raise ForeignSecretError(
            name, f"is controlled by {kind} {controller}" if kind else "was not made by this operator"
        )

    async def _create(self, held: Held, made: Made, uid: str) -> str:
        path = f"/api/v1/namespaces/{held.place.namespace}/secrets{MANAGER}"
        body = body_of(made, held.place, uid)
        return self._note(await self._kube.request("POST", path, body, accept=METADATA, resource="secrets"))

    async def _replace_values(self, made: Made, meta: SecretMeta, secret: Secret) -> str:
        """Replace the values of an output that nobody touched since; nothing needs to be read for it.

        Returns:
            Its version; nothing when no patch can do it: it has another type, or is immutable.
        """
        operations = [
            {"op": "test", "path": "/type", "value": made.type},
            {"op": "replace", "path": "/metadata/resourceVersion", "value": meta.version},
            {"op": "add", "path": "/data", "value": dict(made.data)},
        ]
        try:
            found = await self._kube.request(
                "PATCH", _path(secret) + MANAGER, operations, content_type=PATCH, accept=METADATA, resource="secrets"
            )
        except KubeError as error:
            if error.status == HTTPStatus.UNPROCESSABLE_ENTITY:
                return ""
            raise
        return self._note(found)

    async def _replace(self, held: Held, made: Made, uid: str, secret: Secret) -> tuple[str, bool]:
        """Read an output and write it anew, unless it is right already; what others added to it stays."""
        found = await self._kube.request("GET", _path(secret), resource="secrets")
        meta = SecretMeta.of(found["metadata"])
        self._refuse_foreign(held, made.name, meta)
        owned = meta.belongs_to(held.place.name) and meta.controller[2] == uid
        if owned and same_content(made, found, self._key) and not _dropped(found, made):
            self._index.seen(found["metadata"])
            return meta.version, False
        if found.get("type", "") != made.type or found.get("immutable"):
            await self._delete(secret, meta)
            return await self._create(held, made, uid), True
        body = _renewed(found, made, held.place, uid)
        answer = await self._kube.request("PUT", _path(secret) + MANAGER, body, accept=METADATA, resource="secrets")
        return self._note(answer), True

    async def remove(self, held: Held, name: str, *, retain: bool) -> None:
        """Delete an output that is no longer asked for, if it is ours; with `retain` it stays."""
        secret = (held.place.namespace, name)
        meta = await self._look(secret)
        if retain or meta is None or not meta.belongs_to(held.place.name):
            return
        try:
            await self._delete(secret, meta)
        except KubeError as error:
            if not (error.missing or error.conflict):
                raise

    async def _delete(self, secret: Secret, meta: SecretMeta) -> None:
        """Delete exactly the Secret that was looked at."""
        guard = {"preconditions": {"uid": meta.uid, "resourceVersion": meta.version}}
        await self._kube.request("DELETE", _path(secret), guard, resource="secrets")
        self._index.gone(*secret)

    async def _look(self, secret: Secret) -> SecretMeta | None:
        """Take the metadata as it stands now."""
        self._index.gone(*secret)
        try:
            found = await self._kube.request("GET", _path(secret), accept=METADATA, resource="secrets")
        except KubeError as error:
            if not error.missing:
                raise
            return None
        self._index.seen(found["metadata"])
        return SecretMeta.of(found["metadata"])

    def _note(self, answer: Mapping[str, Any]) -> str:
        self._index.seen(answer["metadata"])
        return str(answer["metadata"]["resourceVersion"])


def _refused(name: str, error: KubeError) -> TroubleError:
    """Return the trouble that a Secret cannot be stored; what the API server says of it may repeat values."""
    why = {DENIED: "an admission rule of the cluster denies it", EXCEEDED_QUOTA: "a quota of the namespace is used up"}
    told = why.get(error.reason, f"{error.status} {error.reason}".strip())
    return TroubleError(Reason.API_ERROR, f"The API server refuses the Secret {name}: {told}.", retry=True)


def _path(secret: Secret) -> str:
    return f"/api/v1/namespaces/{secret[0]}/secrets/{quote(secret[1])}"


def _seen(held: Held) -> bool:
    """Tell whether the specification is the one that was worked on last: labels cannot have changed then."""
    return held.status.get("observedGeneration") == held.generation


def _renewed(found: Mapping[str, Any], made: Made, place: Place, uid: str) -> dict[str, Any]:
    """Return a Secret as it was read, with our parts as they should be."""
    meta = dict(found["metadata"])
    dropped = _dropped(found, made)
    kept_labels = {key: text for key, text in (meta.get("labels") or {}).items() if key not in dropped}
    kept_notes = {key: text for key, text in (meta.get("annotations") or {}).items() if key not in dropped}
    others = [item for item in meta.get("ownerReferences") or () if not _is_ours(item)]
    meta["labels"], meta["annotations"] = kept_labels | dict(made.labels), kept_notes | dict(made.annotations)
    meta["ownerReferences"] = [*others, *([owner_reference(place, uid)] if uid else [])]
    meta.pop("managedFields", None)
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta, "type": made.type, "data": dict(made.data)}


def _is_ours(reference: Mapping[str, Any]) -> bool:
    """Tell whether an owner reference gives way to ours: our own, or that of another controller."""
    own = (reference.get("apiVersion"), reference.get("kind")) == (API_VERSION, KIND)
    return own or bool(reference.get("controller"))


def _dropped(found: Mapping[str, Any], made: Made) -> set[str]:
    """Return labels and annotations that we wrote once and that are no longer asked for."""
    names: set[str] = set()
    for entry in found["metadata"].get("managedFields") or ():
        if entry.get("manager") == PRODUCT:
            fields = (entry.get("fieldsV1") or {}).get("f:metadata") or {}
            for part in ("f:labels", "f:annotations"):
                names |= {key.removeprefix("f:") for key in fields.get(part) or () if key != "."}
    return names - set(made.labels) - set(made.annotations)
