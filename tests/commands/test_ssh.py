"""`keypair` and `ssh` as programs use them, against real sshd."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from servers.kinds.ssh import SshServer
from servers.kinds.ssh_fleet import PASSWORD, Fleet
from servers.loopback import LoopbackSshd
from servers.runs import need
from servers.truenas import Account, FakeTrueNAS, State, User

from webapp.core.ssh.keys import fingerprint

from .conftest import Program


def test_a_keypair_from_beginning_to_end(program: Program, tmp_path: Path) -> None:
    made = program("keypair", "generate", "NAS Key", "--type", "ed25519", "--json")
    assert made.code == 0, made.err
    path = tmp_path / "key"
    shown = program("keypair", "show", "nas key", "--json").data
    assert (shown["fingerprint"], shown["used_by"]) == (made.data["fingerprint"], [])
    assert "private_key" not in shown
    path.write_text(program("keypair", "show", "NAS Key", "--reveal", "--json").data["private_key"])
    path.chmod(0o600)
    derived = subprocess.run([need("ssh-keygen"), "-y", "-f", path], capture_output=True, text=True, check=True).stdout
    assert derived.split()[:2] == shown["public_key"].split()[:2]
    again = program("keypair", "import", "Copy", given=path.read_bytes())
    assert (again.code, again.out.split()[:2]) == (0, derived.split()[:2])
    public = program("keypair", "import", "Half", "--json", given=shown["public_key"].encode())
    assert public.data["has_private_key"] is False
    assert "public only" in program("keypair", "list").out
    assert program("keypair", "delete", "Copy", "--yes").code == 0
    assert program("keypair", "rename", "Half", "NAS KEY").code == 1
    assert program("keypair", "rename", "Half", "Public").code == 0
    assert [one["name"] for one in program("keypair", "list", "--json").data] == ["NAS Key", "Public"]


def test_a_passphrase_comes_on_standard_input_only(program: Program, sshd: SshServer) -> None:
    locked = {"private_key": sshd.locked_key, "passphrase": "canary-passphrase"}
    refused = program("keypair", "import", "Locked", given={"private_key": sshd.locked_key})
    assert refused.code == 1
    assert refused.line.startswith("Error: passphrase: ")
    assert program("keypair", "import", "Locked", given={**locked, "passphrase": "wrong"}).code == 1
    done = program("keypair", "import", "Locked", given=locked)
    assert done.code == 0
    assert "canary" not in done.out + done.err


def test_a_connection_is_paired_verified_and_shown(program: Program, fleet: Fleet) -> None:
    marks = [fingerprint(line.split()[1]) for line in fleet.host_keys.values()]
    found = program("ssh", "discover", "127.0.0.1", "--port", str(fleet.port), "--json")
    assert sorted(key["fingerprint"] for key in found.data["keys"]) == sorted(marks)
    place = ("--host", "127.0.0.1", "--port", str(fleet.port), "--username", fleet.normal)
    pair = ("ssh", "pair", "NAS", *place, "--type", "ed25519")
    unsure = program(*pair, given=PASSWORD.encode())
    assert unsure.code == 2
    assert marks[0] in unsure.err
    strange = program(*pair, "--fingerprint", "SHA256:" + "A" * 43, given=PASSWORD.encode())
    assert (strange.code, "no host key with this fingerprint" in strange.err) == (1, True)
    done = program(*pair, "--fingerprint", marks[0], "--json", given=PASSWORD.encode() + b"\n")
    assert done.code == 0, done.err
    assert (done.data["name"], done.data["steps"][2]["state"]) == ("NAS", "ok")
    assert PASSWORD not in done.out + done.err + json.dumps(program("ssh", "show", "NAS", "--json").data)
    assert program("ssh", "rename", "NAS", "Backup NAS", "--json").data["keypair"] == "NAS Key"
    assert program("ssh", "rename", "backup nas", "NAS").out == "Saved “NAS”.\n"
    verified = program("ssh", "verify", "nas", "--json")
    assert (verified.code, verified.data["host_key"]) == (0, "match")
    (listed,) = program("ssh", "list", "--json").data
    assert listed["verification"]["state"] == "valid"
    written = program("ssh", "show", "NAS", "--format", "openssh", "--json").data
    assert written["known_hosts"].startswith(f"[127.0.0.1]:{fleet.port} ")
    assert f'  User "{fleet.normal}"\n' in written["ssh_config"]
    in_use = program("keypair", "delete", "NAS Key", "--yes")
    assert (in_use.code, "SSH connection “NAS”" in in_use.err) == (1, True)
    assert program("keypair", "delete", "NAS Key", "--yes", "--anyway").code == 0
    assert program("ssh", "list", "--json").data == []


@pytest.mark.parametrize("arguments", [("ssh", "verify", "nothing"), ("ssh", "show", "x"), ("keypair", "show", "x")])
def test_what_is_not_there_is_one_line(program: Program, arguments: tuple[str, ...]) -> None:
    done = program(*arguments)
    assert (done.code, done.line.startswith("Error: name: There is no SSH ")) == (1, True)


def test_an_sftp_credential_uses_a_stored_keypair(program: Program, sshd: SshServer, tmp_path: Path) -> None:
    """Verified by rclone, and handed to a tool by exec with the key that is stored here."""
    assert program("keypair", "import", "Stored", given=sshd.key.encode()).code == 0
    values = sshd.values(private_key="stored")
    added = program("add", "Files", "--provider", "SFTP", given=values)
    assert added.code == 0, added.err
    assert [user["name"] for user in program("keypair", "show", "Stored", "--json").data["used_by"]] == ["Files"]
    verified = program("verify", "Files", "--json")
    assert verified.data["state"] == "valid", verified.out
    listed = program("exec", "Files", "--format", "rclone", "--", "sh", "-c", "rclone lsf $(rclone listremotes)")
    assert listed.code == 0, listed.err
    other = program("add", "Other", "--provider", "SFTP", given={**values, "host_keys": ""})
    assert (other.code, "choose not to check it" in other.err) == (1, True)
    missing = program("add", "Other", "--provider", "SFTP", given={**values, "private_key": "nothing"})
    assert (missing.code, "There is no such keypair" in missing.err) == (1, True)
    assert program("keypair", "delete", "Stored", "--yes", "--anyway").code == 0
    shown = program("show", "Files", "--json").data
    assert shown["verification"]["field"] == "private_key"
    assert "private_key" not in shown["attributes"]


@pytest.mark.parametrize("versions", [("v25.10.0",), ()], ids=["json-rpc", "legacy"])
def test_a_truenas_is_paired_by_a_password_that_is_used_once(
    program: Program, tmp_path: Path, versions: tuple[str, ...]
) -> None:
    secrets = {"password": "CANARY-admin-password", "otp_token": "CANARY-424242"}
    with LoopbackSshd(tmp_path / "sshd") as server:
        nas = State(
            accounts={"root": Account(secrets["password"], "", otp=secrets["otp_token"])},
            users={"root": User("root", 1)},
            port=server.port,
            host_keys=server.host_keys,
            on_key=lambda _user, keys: server.authorize(keys),
            control=bool(versions),
        )
        with FakeTrueNAS(nas, versions=versions) as remote:
            wrong = program("ssh", "pair-truenas", "NAS", "--json", given={"url": remote.url, "password": "x" * 12})
            assert (wrong.code, program("keypair", "list", "--json").data) == (1, [])
            values = {"url": remote.url, "allow_http": True, **secrets}
            paired = program("ssh", "pair-truenas", "NAS", "--type", "ed25519", "--json", given=values)
        assert (paired.code, paired.data["name"]) == (0, "NAS"), paired.out + paired.err
        assert program("ssh", "verify", "NAS", "--json").data["state"] == "valid"
    left = b"".join(path.read_bytes() for path in program.folder.rglob("*") if path.is_file())
    for secret in secrets.values():
        assert secret not in wrong.out + paired.out + paired.err
        assert secret.encode() not in left
