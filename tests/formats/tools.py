"""How a format's files and variables are given to the tool that reads them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from webapp.core.formats import FORMATS, Source, render
from webapp.core.providers import PROVIDERS
from webapp.core.validation import check


def source(provider_type: str, values: dict[str, object], name: str = "Real server") -> Source:
    """Return a credential from values as a person types them."""
    checked = check(PROVIDERS[provider_type], values)
    assert checked.ok, checked.problems
    return Source(name, checked.provider, checked.attributes)


def given(folder: Path, format_key: str, credential: Source, **options: object) -> dict[str, str]:
    """Write a format's files and return the environment that its tool gets."""
    folder.mkdir(exist_ok=True, mode=0o700)
    if any(option.key == "folder" for option in FORMATS[format_key].options):
        options = {"folder": str(folder), **options}
    made = render(format_key, credential, options)
    for key in made.files.keys() & made.data.keys():
        (folder / key).write_bytes(made.data[key])
        (folder / key).chmod(0o600)
    named = {name: str(folder / key) for key, name in made.files.items() if name and key in made.data}
    return {**made.environment, **named}


def run(*command: str | Path, **environment: str) -> str:
    """Run a tool that must succeed; return what it printed."""
    clean = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8", "RCLONE_CONFIG": "", **environment}
    done = subprocess.run([str(part) for part in command], env=clean, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")[-2000:]
    return done.stdout.decode()
