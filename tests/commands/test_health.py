"""`health`: what container engines ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import trustme
from commands.conftest import Program
from servers.runs import free_port


def test_a_server_that_is_well_and_one_that_is_not_there(program: Program) -> None:
    port = str(free_port())
    environment = {"BACKUP_CREDENTIALS_PORT": port}
    with program.serving("--port", port):
        ended = program("health", **environment, HTTP_PROXY="http://127.0.0.1:9", http_proxy="http://127.0.0.1:9")
        assert (ended.code, ended.out) == (0, "ok\n")
        assert program("health", "--json", **environment).data == {"answer": "ok"}
        nowhere = program("health", f"http://localhost:{port}/no-such-page")
        assert nowhere.code == 1
        assert "/no-such-page says 40" in nowhere.line
    assert "does not answer" in program("health", **environment).line


def test_a_server_at_one_address_is_asked_there(program: Program) -> None:
    port = str(free_port())
    where = {"BACKUP_CREDENTIALS_HOST": "127.0.0.2", "BACKUP_CREDENTIALS_PORT": port}
    with program.serving("--host", "127.0.0.2", "--port", port):
        assert program("health", **where).out == "ok\n"


@pytest.mark.parametrize(
    "address", ["localhost:8765", "nonsense", "ftp://127.0.0.1:9/", "file:///etc/passwd", "http://", "http://:x/"]
)
def test_what_is_no_address_of_a_server(program: Program, address: str) -> None:
    ended = program("health", address)
    assert (ended.code, ended.out) == (2 if "http" not in address else 1, "")
    assert ended.line


def test_with_tls_exactly_the_own_certificate_is_trusted(program: Program, tmp_path: Path) -> None:
    """Its names need not include the machine's own; that of somebody else is refused."""
    port = str(free_port())
    files = [pair(tmp_path / name) for name in ("own", "other")]
    options = ("--tls-certificate", files[0]["certificate"], "--tls-key", files[0]["key"])
    asking: list[dict[str, Any]] = [
        {"BACKUP_CREDENTIALS_TLS_CERTIFICATE": one["certificate"], "BACKUP_CREDENTIALS_TLS_KEY": one["key"]}
        for one in files
    ]
    with program.serving("--port", port, *options):
        own, other = (program("health", BACKUP_CREDENTIALS_PORT=port, **given) for given in asking)
    assert (own.code, own.out) == (0, "ok\n")
    assert other.code == 1
    assert "certificate" in other.line


def pair(folder: Path) -> dict[str, str]:
    """Make a certificate for a name that is not this machine's."""
    folder.mkdir()
    made = trustme.CA().issue_cert("backup.example.com")
    made.cert_chain_pems[0].write_to_path(folder / "certificate")
    made.private_key_pem.write_to_path(folder / "key")
    return {"certificate": str(folder / "certificate"), "key": str(folder / "key")}
