"""What the operator is told when it is started."""

from __future__ import annotations

import hashlib
import os
import socket
from dataclasses import dataclass, field

from credential_operator.crd.nodes import NAME_LIMIT
from credential_operator.names import PRODUCT


def own_identity() -> str:
    """Return who we are: the pod's name, so that a restarted container goes on at once; else host and process."""
    return os.environ.get("POD_NAME") or f"{socket.gethostname()}-{os.getpid()}"


@dataclass(frozen=True, slots=True)
class OperatorSettings:
    """Everything that may be chosen.

    Attributes:
        namespaces: The namespaces that are served; empty for the whole cluster.
        host: Where health and metrics listen.
        port: Their port; 0 takes a free one.
        concurrency: Resources that are worked on at the same time.
        write_rate: Writes a second in the long run.
        write_burst: Writes that may come at once.
        verifications: Verifications that run at the same time.
        lease_namespace: Where the lease is; empty for the pod's own namespace.
        identity: The holder's name in the lease.
        mirror: Whether resources are mirrored into the store.
        json_logs: Whether a log line is JSON.
    """

    namespaces: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8080
    concurrency: int = 16
    write_rate: float = 1000.0
    write_burst: int = 1000
    verifications: int = 2
    lease_namespace: str = ""
    identity: str = field(default_factory=own_identity)
    mirror: bool = True
    json_logs: bool = False

    @property
    def lease_name(self) -> str:
        """Name of the lease: one for the whole cluster, another for each set of namespaces."""
        name = "-".join((PRODUCT, "operator", *sorted(self.namespaces)))
        if len(name) <= NAME_LIMIT:
            return name
        return f"{PRODUCT}-operator-{hashlib.sha256(name.encode()).hexdigest()[:32]}"
