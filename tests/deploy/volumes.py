"""The volumes of a pod as folders, filled from the API as a kubelet fills them."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

Object = dict[str, Any]
EVERYONE = 0o777
GROUP = 0o2775
DEFAULT_MODE = 0o644
NOT_FOUND = 404


class Volumes:
    """The volumes of one pod.

    Args:
        client: Signed in at the API server.
        pod: The pod, as the API server gives it.
        folder: Of the pod; what is not on a claim goes with it.
        claims: Of the claims of all pods: what stays.
        authority: The API server's certificate, for clusters whose controllers publish none.
    """

    def __init__(self, client: httpx.Client, pod: Object, folder: Path, claims: Path, authority: Path) -> None:
        self._client, self._pod, self._folder, self._claims = client, pod, folder, claims
        self._authority = authority
        self.namespace: str = pod["metadata"]["namespace"]
        self.group = int(pod["spec"].get("securityContext", {}).get("fsGroup", 0))

    def mounted(self) -> list[Object]:
        """Make every volume and return them as folders of this machine."""
        return [
            {"name": one["name"], "hostPath": {"path": str(self.made(one)), "type": "Directory"}}
            for one in self._pod["spec"].get("volumes", ())
        ]

    def made(self, volume: Object) -> Path:
        """Make one volume, or bring it up to date."""
        if claim := volume.get("persistentVolumeClaim"):
            return self.owned(self._claims / f"{self.namespace}-{claim['claimName']}")
        place = self._folder / volume["name"]
        if "emptyDir" in volume:
            place.mkdir(parents=True, exist_ok=True)
            place.chmod(EVERYONE)
            return self.owned(place)
        place.mkdir(parents=True, exist_ok=True)
        self.fill(place, volume)
        return place

    def owned(self, place: Path) -> Path:
        """Let the pod's group write into a folder, as fsGroup says; one that is right is left, as OnRootMismatch says."""
        place.mkdir(parents=True, exist_ok=True)
        found = place.stat()
        if (found.st_gid, found.st_mode & GROUP) != (self.group, GROUP):
            shutil.chown(place, group=self.group)
            place.chmod(found.st_mode | GROUP)
        return place

    def fill(self, place: Path, volume: Object) -> None:
        """Write the files of a volume that has them from the API; those that are gone there are removed."""
        source = volume.get("projected") or volume.get("secret") or volume.get("configMap") or {}
        mode = int(source.get("defaultMode", DEFAULT_MODE))
        wanted = dict(self.files(volume))
        for name in {path.name for path in place.iterdir()} - set(wanted):
            (place / name).unlink()
        for name, data in wanted.items():
            fresh = place / f".{name}.new"
            fresh.write_bytes(data)
            fresh.chmod(mode | 0o040)
            shutil.chown(fresh, group=self.group)
            fresh.rename(place / name)

    def files(self, volume: Object) -> Iterator[tuple[str, bytes]]:
        """Give the files of a volume."""
        for source in volume.get("projected", {}).get("sources", [volume]):
            if token := source.get("serviceAccountToken"):
                yield token["path"], self.token(token).encode()
            if "downwardAPI" in source:
                for item in source["downwardAPI"]["items"]:
                    yield item["path"], field(self._pod, item["fieldRef"]["fieldPath"]).encode()
            for kind, plural in (("secret", "secrets"), ("configMap", "configmaps")):
                if named := source.get(kind):
                    yield from self.keys(named, plural)

    def keys(self, named: Object, plural: str) -> Iterator[tuple[str, bytes]]:
        """Give the keys of a Secret or ConfigMap as files; a pod waits for one that is missing and not optional."""
        data = self.data(plural, named.get("secretName") or named.get("name", ""), optional=bool(named.get("optional")))
        items = named.get("items") or [{"key": key, "path": key} for key in data]
        for item in items:
            if item["key"] in data:
                yield item["path"], data[item["key"]]

    def data(self, plural: str, name: str, *, optional: bool) -> dict[str, bytes]:
        """Read a Secret or ConfigMap."""
        answer = self._client.get(f"/api/v1/namespaces/{self.namespace}/{plural}/{name}")
        if answer.status_code == NOT_FOUND:
            if name == "kube-root-ca.crt":
                return {"ca.crt": self._authority.read_bytes()}
            if optional:
                return {}
        found = answer.raise_for_status().json().get("data") or {}
        return {key: base64.b64decode(text) if plural == "secrets" else text.encode() for key, text in found.items()}

    def token(self, wanted: Object) -> str:
        """Ask for a token of the pod's account that ends with the pod."""
        meta, account = self._pod["metadata"], self._pod["spec"].get("serviceAccountName", "default")
        bound = {"kind": "Pod", "apiVersion": "v1", "name": meta["name"], "uid": meta["uid"]}
        spec = {"expirationSeconds": wanted.get("expirationSeconds", 3600), "boundObjectRef": bound}
        path = f"/api/v1/namespaces/{self.namespace}/serviceaccounts/{account}/token"
        answer = self._client.post(path, json={"spec": spec | {"audiences": wanted.get("audiences", [])}})
        return answer.raise_for_status().json()["status"]["token"]

    def variable(self, variable: Object) -> Object | None:
        """Return a container's variable with its value; nothing for an optional one that is missing."""
        source = variable.get("valueFrom")
        if not source:
            return variable
        if "fieldRef" in source:
            return {"name": variable["name"], "value": field(self._pod, source["fieldRef"]["fieldPath"])}
        named = source["secretKeyRef"]
        data = self.data("secrets", named["name"], optional=bool(named.get("optional")))
        return {"name": variable["name"], "value": data[named["key"]].decode()} if named["key"] in data else None


def field(pod: Object, path: str) -> str:
    """Return a field of a pod by its path."""
    found: Any = pod
    for part in path.split("."):
        found = found[part]
    return str(found)
