"""Apache with WebDAV under TLS, and nginx with a folder that asks for a password."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from servers.authority import Authority
from servers.runs import Run, command, free_port, listens, need, need_root

USER, PASSWORD = "canary-user", "canary&dav=pass%20wörd"
MODULES = ("mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic", "auth_digest", "dav",
           "dav_fs", "ssl", "socache_shmcb")  # fmt: skip
APACHE = """ServerName 127.0.0.1
Listen 127.0.0.1:{port}
PidFile {place}/pid
ErrorLog {place}/error.log
Mutex file:{place} default
DAVLockDB {place}/lock/db
User www-data
Group www-data
DocumentRoot {place}/files
SSLEngine on
SSLCertificateFile {authority.certificate}
SSLCertificateKeyFile {authority.key}
<Directory {place}/files>
  AuthzSendForbiddenOnFailure On
  Dav On
  AuthName files
  AuthUserFile {place}/users
  AuthType Basic
  Require user {user}
</Directory>
<Directory {place}/files/denied>
  Require user nobody-else
</Directory>
"""
NGINX = """daemon off;
pid {place}/pid;
events {{}}
http {{
  client_body_temp_path {place}/t1; proxy_temp_path {place}/t2; fastcgi_temp_path {place}/t3;
  uwsgi_temp_path {place}/t4; scgi_temp_path {place}/t5; access_log off;
  server {{
    listen 127.0.0.1:{port};
    root {place}/files;
    autoindex on;
    location /closed/ {{ auth_basic closed; auth_basic_user_file {place}/users; }}
    location /denied/ {{ deny all; }}
  }}
}}
"""


@dataclass(frozen=True)
class WebServer:
    """A running server."""

    url: str
    user: str = USER
    password: str = PASSWORD


def hashed() -> str:
    """Return the line of a password file."""
    return f"{USER}:{command('openssl', 'passwd', '-apr1', '-stdin', given=PASSWORD).strip()}\n"


def apache(run: Run, place: Path, authority: Authority) -> WebServer:
    """Start Apache: WebDAV at the root, and the folder `denied` that this user may not open."""
    need_root("start Apache as www-data")
    program, port = need(Path("/usr/sbin/apache2")), free_port()
    for name in ("files", "lock", "files/alpha", "files/denied"):
        (place / name).mkdir()
        shutil.chown(place / name, "www-data")
    (place / "users").write_text(hashed())
    loads = "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n" for name in MODULES)
    text = loads + APACHE.format(port=port, place=place, authority=authority, user=USER)
    (place / "conf").write_text(text)
    run.start([program, "-f", place / "conf", "-DFOREGROUND"], ready=partial(listens, port), log=place / "log")
    return WebServer(f"https://127.0.0.1:{port}/")


def nginx(run: Run, place: Path) -> WebServer:
    """Start nginx: an open folder, `closed` with a password, `denied` for all."""
    program, port = need(Path("/usr/sbin/nginx")), free_port()
    for name in ("files", "files/closed", "files/denied", "files/open"):
        (place / name).mkdir()
    (place / "users").write_text(hashed())
    (place / "conf").write_text(NGINX.format(port=port, place=place))
    command_line = [program, "-c", place / "conf", "-p", place, "-e", place / "error.log"]
    run.start(command_line, ready=partial(listens, port), log=place / "log")
    return WebServer(f"http://127.0.0.1:{port}/")
