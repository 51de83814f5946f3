"""Starts one of the test servers for use by hand: `python -m servers.show seaweedfs` in the folder `tests`.

Prints what to type into the form, and ends the server with Ctrl-C.
"""

from __future__ import annotations

import dataclasses
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from servers import authority
from servers.kinds import azure, database, ftp, kubernetes, s3, ssh, swift, web
from servers.runs import Run, StartError

Start = Callable[[Run, Path], object]


def with_authority(start: Callable[[Run, Path, authority.Authority], object]) -> Start:
    """Return a start that makes its certificates first."""
    return lambda run, place: (made := run.once("authority", authority.create), start(run, place, made))


KINDS: dict[str, Start] = {
    "apache": with_authority(web.apache),
    "azurite": azure.azurite,
    "control-plane": kubernetes.control_plane,
    "keystone": swift.keystone,
    "nginx": web.nginx,
    "postgres": database.postgres,
    "seaweedfs": s3.seaweedfs,
    "sshd": ssh.sshd,
    "tempauth": swift.tempauth,
    "versitygw": s3.versitygw,
    "vsftpd": with_authority(ftp.vsftpd),
}


def main() -> int:
    """Start what the first argument names."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in KINDS:
        print(f"Name one of: {', '.join(KINDS)}", file=sys.stderr)  # noqa: T201  for a person
        return 2
    run = Run.create()
    try:
        show(run.once(name, lambda place: KINDS[name](run, place)))
        print("Ctrl-C ends it.", flush=True)  # noqa: T201  for a person
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    except StartError as error:
        print(error, file=sys.stderr)  # noqa: T201  for a person
        return 1
    finally:
        run.end()
    return 0


def show(made: object) -> None:
    """Print a server's values; several parts come one after the other."""
    if isinstance(made, kubernetes.ControlPlane):
        print(f"export KUBECONFIG={made.kubeconfig()} PATH={kubernetes.asset('kubectl').parent}:$PATH")  # noqa: T201
        return
    for part in made if isinstance(made, tuple) else (made,):
        if not dataclasses.is_dataclass(part) or isinstance(part, type):
            print(part)  # noqa: T201  for a person
            continue
        for field in dataclasses.fields(part):
            print(f"{field.name}: {getattr(part, field.name)}")  # noqa: T201  for a person


if __name__ == "__main__":
    raise SystemExit(main())
