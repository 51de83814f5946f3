"""Formats: the masked previews of every tool, refusals, and `exec` as others see it in the process list."""

from __future__ import annotations

import sys

from canary.house import House

from webapp.core.formats import FORMATS
from webapp.core.providers import PROVIDERS

OPTIONS = {"value.repository": "backups/db", "value.bucket": "backups", "value.template": "{{ name }}"}


def previews(house: House) -> None:
    """Look at every format of one credential of each provider, with the repository's password typed."""
    for stored in {one["provider"]: one for one in house.stored}.values():
        provider = PROVIDERS[stored["provider"]]
        for key, known in FORMATS.items():
            if known.refusal(provider):
                continue
            own = f"/cloud-credentials/{stored['id']}/use/{key}"
            secret = {option.key for option in known.options if option.secret}
            typed = {f"value.{name}": house.canaries.mint(f"{name} of {key} for {stored['name']}") for name in secret}
            house.send(own, {**OPTIONS, **typed, "action": "show"}, fragment=True)
        house.send(own, {**OPTIONS, "action": "download", "own_password": house.canaries.mint("no password")})


def refusals(house: House) -> None:
    """Ask on the command line for what cannot be had."""
    for stored in house.stored[:2]:
        for key in ("restic", "google-json", "template", "no-such-format"):
            house.run("export", stored["name"], "--format", key)


def exec_in_the_process_list(house: House) -> None:
    """Run a command long enough for the process list to be read; what it gets is its own."""
    for stored in house.stored[:2]:
        house.run(
            "exec", stored["name"], "--format", "rclone", "--", sys.executable, "-c", "import time;time.sleep(.2)"
        )
        house.run("exec", stored["name"], "--format", "env", "--", sys.executable, "-c", "import time;time.sleep(.2)")


WAYS = (previews, refusals, exec_in_the_process_list)
