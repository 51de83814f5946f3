"""Host certificates: a host key that an authority signed (OpenSSH's PROTOCOL.certkeys)."""

from __future__ import annotations

import base64
import time

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

from webapp.core.ssh.keys import PublicKey

SHA1_SIGNATURE = b"ssh-rsa"
"""An RSA signature over SHA-1, which OpenSSH no longer takes from an authority either."""


def is_signed_by(blob: bytes, authority: PublicKey, host: str) -> bool:
    """Tell whether a key as it came over the wire is a certificate of this authority, for this host, valid now."""
    certificate = _certificate(blob)
    if certificate is None or certificate.type is not SSHCertificateType.HOST:
        return False
    signer = certificate.signature_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    if signer.split()[1] != authority.data or not certificate.valid_after <= time.time() < certificate.valid_before:
        return False
    # A certificate for every host is refused as OpenSSH refuses it; one with an option that is not understood, too.
    names = {principal.decode("utf-8", "replace").lower() for principal in certificate.valid_principals}
    return host.strip("[]").lower() in names and not certificate.critical_options and _verifies(certificate)


def _certificate(blob: bytes) -> SSHCertificate | None:
    kind = blob[4 : 4 + int.from_bytes(blob[:4], "big")]
    try:
        read = load_ssh_public_identity(kind + b" " + base64.b64encode(blob))
    except (ValueError, UnsupportedAlgorithm):
        return None
    return read if isinstance(read, SSHCertificate) else None


def _verifies(certificate: SSHCertificate) -> bool:
    try:
        certificate.verify_cert_signature()
    except (InvalidSignature, ValueError):
        return False
    kind = bytes(certificate._inner_sig_type)  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  nothing public says it
    return kind != SHA1_SIGNATURE
