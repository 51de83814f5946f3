"""From the previous version with data to the present one, and back by mistake: nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cluster.operators import eventually
from deploy.kubelet import RunningPod
from deploy.releases import Release
from deploy.test_pod_faults import first_account, log_in
from deploy.test_pods import applied, asked, written
from servers.kinds.s3 import S3Server

pytestmark = pytest.mark.server
VALUES = {"url": "https://dav.example.com/kept", "vendor": "other", "user": "u", "pass": "kept-password"}
ADD = f"""
import os
from webapp.core.runtime import Runtime
from webapp.settings import read_settings
Runtime(read_settings(os.environ, {{}})).store.credentials.add("Kept share", "WEBDAV", {VALUES!r}, by="test")
print("true")
"""
READ = """
import json, os, sqlite3
from webapp.core.runtime import Runtime
from webapp.settings import read_settings
found = [dict(one.attributes) for one in Runtime(read_settings(os.environ, {})).service.all() if one.name == "Kept share"]
steps = sqlite3.connect("/data/backup-credentials.db").execute("SELECT max(number) FROM migration").fetchone()
print(json.dumps([*found, *steps]))
"""
NEWER = "This database was made by a newer version. Install that version or restore a backup."


def test_from_the_previous_version_with_data(
    released: Callable[..., Release], previous: tuple[str, Path], image: str, seaweedfs: S3Server
) -> None:
    """Account, credential and resource are there; the store and the definition are new, the Secret is not written."""
    release = released(version=previous)
    pod = release.ready()[0]
    first_account(pod, release).close()
    assert asked(pod, "web", ADD)
    applied(release.space, seaweedfs)
    old_definition, secret, old = definition(release), written(release), asked(pod, "web", READ)
    release.use(image)
    release.upgrade()
    pod = all_is_there(release, pod)
    assert asked(pod, "web", READ)[1] > old[1], "the store is migrated"
    assert definition(release) != old_definition
    assert written(release) == secret, "an upgrade writes no Secret"
    back_by_mistake(release, pod)
    assert written(release) == secret


def all_is_there(release: Release, old: RunningPod) -> RunningPod:
    """Wait for the new pod and look for what was there before; return it."""
    pod = release.ready(new=[old])[0]
    assert log_in(pod).url.path == "/"
    assert VALUES.items() <= asked(pod, "web", READ)[0].items()
    release.space.wait("nightly", "True", seconds=60)
    return pod


def back_by_mistake(release: Release, pod: RunningPod) -> None:
    """The previous version refuses the migrated store in a sentence; the present one goes on with it."""
    release.helm("rollback", release.name, "1")
    told = release.node.told
    refused = eventually(
        lambda: [one for one in release.node.running(release.space.name) if one is not pod and NEWER in one.log("web")],
        60,
        lambda: told(release.space.name),
    )
    release.helm("rollback", release.name, "2")
    all_is_there(release, refused[0])


def definition(release: Release) -> Any:
    """Return the definition of the resource as the API server has it."""
    text = release.space.kubectl("get", "crd/backupcredentials.backupcredentials.dev", "--output", "json")
    return json.loads(text)["spec"]
