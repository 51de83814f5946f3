"""What the operator does not load: the official client weighs more than all that it remembers."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("kubernetes", "pydantic", "requests", "oauthlib", "flask", "wtforms", "paramiko", "asyncssh")


def test_the_hot_path_loads_nothing_heavy() -> None:
    ask = "import sys, credential_operator.running.app, webapp.core.runtime; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert [name for name in HEAVY if name in done.stdout.split()] == []


def test_the_official_client_can_still_be_loaded_afterwards() -> None:
    ask = "import credential_operator.running.app, kubernetes; print(kubernetes.client.V1ObjectMeta.__name__)"
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout == "V1ObjectMeta\n"
