"""A certificate authority of the run's own, for servers with TLS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import trustme

NAMES = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Authority:
    """A private certificate authority and a server certificate that it signed.

    Attributes:
        ca: PEM text of the authority's certificate, as a person pastes it.
        ca_file: The same as a file.
        certificate: File with the server's certificate, for 127.0.0.1, ::1 and localhost.
        key: File with the server's private key.
    """

    ca: str
    ca_file: Path
    certificate: Path
    key: Path


def create(folder: Path) -> Authority:
    """Make an authority and a server certificate in a folder."""
    authority = trustme.CA()
    server = authority.issue_cert(*NAMES)
    made = Authority(
        authority.cert_pem.bytes().decode(), folder / "ca.pem", folder / "server.pem", folder / "server.key"
    )
    authority.cert_pem.write_to_path(str(made.ca_file))
    made.certificate.write_bytes(b"".join(blob.bytes() for blob in server.cert_chain_pems))
    server.private_key_pem.write_to_path(str(made.key))
    made.key.chmod(0o600)
    return made
