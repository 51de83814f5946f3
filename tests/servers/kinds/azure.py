"""Azurite: Azure Blob Storage with an account key and shared access signatures."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from azure.storage.blob import (
    AccountSasPermissions,
    BlobServiceClient,
    ContainerSasPermissions,
    ResourceTypes,
    generate_account_sas,
    generate_container_sas,
)

from servers import parts
from servers.runs import Run, free_port, listens, need

ACCOUNT = "canaryaccount"


@dataclass(frozen=True)
class AzureServer:
    """A running Azurite with the containers `alpha` and `beta`."""

    endpoint: str
    account: str
    key: str

    def values(self, **more: object) -> dict[str, object]:
        """Return what a person types into the form for the account key."""
        return {"account": self.account, "key": self.key, "endpoint": self.endpoint, **more}

    def container_sas(self, container: str = "alpha", *, hours: float = 1, lists: bool = True) -> str:
        """Return the address of a container with a signature that ends after some hours."""
        ends = datetime.now(UTC) + timedelta(hours=hours)
        may = ContainerSasPermissions(read=True, list=lists, write=True)
        signed = generate_container_sas(
            self.account, container, account_key=self.key, permission=may, expiry=ends, start=ends - timedelta(days=2)
        )
        return f"{self.endpoint}/{container}?{signed}"

    def account_sas(self) -> str:
        """Return the address of the account with a signature."""
        signed = generate_account_sas(
            self.account,
            self.key,
            ResourceTypes(service=True, container=True, object=True),
            AccountSasPermissions(read=True, list=True),
            datetime.now(UTC) + timedelta(hours=1),
        )
        return f"{self.endpoint}?{signed}"


def azurite(run: Run, place: Path) -> AzureServer:
    """Start Azurite and make two containers."""
    node = need("node", found=parts.node())
    program = need(parts.node_modules() / "azurite/dist/src/blob/main.js")
    key, port = base64.b64encode(secrets.token_bytes(64)).decode(), free_port()
    where = ["--location", place, "--blobHost", "127.0.0.1", "--blobPort", str(port)]
    run.start(
        [node, program, "--silent", *where, "--skipApiVersionCheck", "--disableTelemetry"],
        ready=partial(listens, port),
        log=place / "log",
        seconds=60,
        environment={"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"},
    )
    server = AzureServer(f"http://127.0.0.1:{port}/{ACCOUNT}", ACCOUNT, key)
    with BlobServiceClient(server.endpoint, credential=key) as service:
        for name in ("alpha", "beta"):
            service.create_container(name)
    return server
