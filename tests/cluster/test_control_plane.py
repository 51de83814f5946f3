"""The control plane of the tests does what the tests rely on."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable

import pytest
from servers.interference import Fault, faulty_proxy, slow_relay
from servers.kinds import etcd
from servers.kinds.kubernetes import ControlPlane
from servers.waiting import eventually

pytestmark = pytest.mark.server


def make_pair(plane: ControlPlane, namespace: str) -> None:
    """Make an owner and a Secret that it owns."""
    with plane.client() as client:
        made = client.post(f"/api/v1/namespaces/{namespace}/configmaps", json={"metadata": {"name": "owner"}}).json()
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": made["metadata"]["uid"]}
        metadata = {"name": "owned", "ownerReferences": [owner]}
        body = {"metadata": metadata, "data": {"a": base64.b64encode(b"canary-owned").decode()}}
        client.post(f"/api/v1/namespaces/{namespace}/secrets", json=body).raise_for_status()


def test_what_is_owned_goes_with_its_owner(control_plane: ControlPlane, namespace: str) -> None:
    make_pair(control_plane, namespace)
    control_plane.kubectl("delete", "configmap", "owner", namespace=namespace)
    eventually(lambda: not control_plane.has(f"/api/v1/namespaces/{namespace}/secrets/owned"))


def test_a_namespace_ends(control_plane: ControlPlane) -> None:
    name = control_plane.new_namespace()
    make_pair(control_plane, name)
    control_plane.delete_namespace(name)
    eventually(lambda: not control_plane.has(f"/api/v1/namespaces/{name}"))


def test_a_person_may_do_only_what_is_allowed(control_plane: ControlPlane, namespace: str) -> None:
    assert control_plane.kubectl("auth", "can-i", "get", "secrets", namespace=namespace).strip() == "yes"
    with control_plane.client("person") as client:
        assert client.get(f"/api/v1/namespaces/{namespace}/secrets").status_code == 403


def test_etcd_is_read_past_the_server(control_plane: ControlPlane, namespace: str) -> None:
    since = etcd.revision(control_plane.etcd)
    make_pair(control_plane, namespace)
    key = f"/registry/secrets/{namespace}/owned"
    assert b"canary-owned" in dict(etcd.contents(control_plane.etcd))[key]
    with control_plane.client() as client:
        client.delete(f"/api/v1/namespaces/{namespace}/secrets/owned").raise_for_status()
    assert key not in dict(etcd.contents(control_plane.etcd))
    assert [value for name, value in etcd.history(control_plane.etcd, since) if name == key and b"canary" in value]


def test_a_proxy_refuses_and_cuts(control_plane: ControlPlane, namespace: str) -> None:
    with faulty_proxy(control_plane) as proxy, control_plane.client(endpoint=proxy.endpoint) as client:
        path = f"/api/v1/namespaces/{namespace}/secrets"
        assert client.get(path).is_success
        proxy.faults = [Fault(429, "GET", "/secrets$", left=1, retry_after="1")]
        refused = client.get(path)
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "1")
        assert client.get(path).is_success
        with client.stream("GET", path, params={"watch": "1"}) as watch:
            eventually(lambda: bool(proxy.watches))
            assert proxy.thread.call(proxy.cut()) == 1
            with pytest.raises(Exception, match=r"."):
                list(watch.iter_lines())
        assert proxy.requests["GET", "/api/v1/namespaces/…/secrets", 200] == 3


def test_a_server_stops_and_starts_with_what_it_had(
    own_control_plane: Callable[..., ControlPlane],
) -> None:
    with slow_relay() as relay:
        plane = own_control_plane(controllers=(), etcd_through=relay.before)
        name = plane.new_namespace()
        plane.stop("api")
        assert not plane.ready()
        plane.start_api()
        assert plane.has(f"/api/v1/namespaces/{name}")
        relay.delay = 0.2
        begun = time.monotonic()
        plane.new_namespace()
        assert time.monotonic() - begun > 0.2
        relay.delay = 0
        plane.end()
