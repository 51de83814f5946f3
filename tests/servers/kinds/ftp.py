"""vsftpd: plain, explicit and implicit TLS; a user who may log in and not list."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from servers.authority import Authority
from servers.runs import Run, command, free_port, listens, need, need_root

USER, PASSWORD = "canary-user", "canary'ftp\"pass word"
NO_LISTS = "canary-no-lists"
"""A user with the same password, who may log in and not list."""

PAM = Path("/etc/pam.d")
CONF = """listen=YES
listen_ipv6=NO
listen_address=127.0.0.1
listen_port={port}
background=NO
anonymous_enable=NO
local_enable=YES
guest_enable=YES
guest_username=www-data
virtual_use_local_privs=YES
write_enable=YES
pam_service_name={pam}
local_root={place}/files
chroot_local_user=YES
allow_writeable_chroot=YES
secure_chroot_dir={place}/empty
pasv_address=127.0.0.1
pasv_min_port=22000
pasv_max_port=26000
seccomp_sandbox=NO
connect_from_port_20=NO
user_config_dir={place}/rights
max_login_fails=1
delay_failed_login=0
"""
TLS = """ssl_enable=YES
rsa_cert_file={authority.certificate}
rsa_private_key_file={authority.key}
force_local_logins_ssl=YES
force_local_data_ssl=YES
require_ssl_reuse=NO
ssl_ciphers=HIGH
"""


@dataclass(frozen=True)
class FtpServers:
    """Ports of the three servers."""

    plain: int
    explicit: int
    implicit: int

    def values(self, port: int, encryption: str, **more: object) -> dict[str, object]:
        """Return what a person types into the form."""
        login = {"user": USER, "pass": PASSWORD}
        return {"host": "127.0.0.1", "port": port, "encryption": encryption, **login, **more}


def vsftpd(run: Run, place: Path, authority: Authority) -> FtpServers:
    """Start the three servers on one folder and one list of users."""
    need_root("start vsftpd")
    program = need(Path("/usr/sbin/vsftpd"))
    for name in ("files", "empty", "rights"):
        (place / name).mkdir()
    (place / "files/alpha").mkdir()
    hashed = command("openssl", "passwd", "-6", "-stdin", given=PASSWORD).strip()
    (place / "users").write_text(f"{USER}:{hashed}\n{NO_LISTS}:{hashed}\n")
    (place / "rights" / NO_LISTS).write_text("dirlist_enable=NO\n")
    pam = f"bc-test-{free_port()}"
    run.undo(["rm", "-f", PAM / pam])
    (PAM / pam).write_text(
        f"auth required pam_pwdfile.so pwdfile={place}/users nodelay\naccount required pam_permit.so\n"
    )
    kinds = {"plain": "", "explicit": TLS, "implicit": f"{TLS}implicit_ssl=YES\n"}
    ports: dict[str, int] = {}
    for kind, more in kinds.items():
        ports[kind] = port = free_port()
        conf = place / f"{kind}.conf"
        conf.write_text((CONF + more).format(port=port, pam=pam, place=place, authority=authority))
        run.start([program, conf], ready=partial(listens, port), log=place / f"{kind}.log")
    return FtpServers(**ports)
