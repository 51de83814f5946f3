"""One machine: what the systemd units take away, the proxies with the settings that are shipped."""

from __future__ import annotations

import contextlib
import json
import re
import ssl
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
import trustme
from deploy.charts import ROOT
from servers.runs import Run, command, free_port, listens, need

pytestmark = pytest.mark.server
HOST = "backup.example.com"
UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.stem)
def test_how_exposed_the_units_are(unit: Path) -> None:
    """The documentation says the score that systemd itself gives (0 is best, 10 worst)."""
    said = command(need("systemd-analyze"), "security", "--offline=true", "--no-pager", unit)
    score = re.findall(r"Overall exposure level for \S+: ([\d.]+)", said)[0]
    assert float(score) <= 1.1
    assert f"`{unit.name}` | {score} |" in (ROOT / "webapp/help/install.md").read_text()


@pytest.fixture(scope="module")
def app(servers_run: Run, tmp_path_factory: pytest.TempPathFactory) -> int:
    """The app as it is started behind a proxy; its port."""
    port, place = free_port(), tmp_path_factory.mktemp("behind")
    options = ["--port", port, "--data-dir", place / "data", "--behind-proxy", "--host-names", HOST]
    argv = [sys.executable, "-m", "webapp", "serve", *options]
    servers_run.start(
        argv, ready=partial(listens, port), log=place / "log", folder=ROOT, environment={"PYTHONPATH": str(ROOT)}
    )
    return port


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate of the proxy's name, its key and its authority."""
    place, authority = tmp_path_factory.mktemp("tls"), trustme.CA()
    made = authority.issue_cert(HOST)
    made.private_key_pem.write_to_path(place / "key.pem")
    for number, part in enumerate(made.cert_chain_pems):
        part.write_to_path(place / "cert.pem", append=number > 0)
    authority.cert_pem.write_to_path(place / "ca.pem")
    return place


def nginx(run: Run, place: Path, app: int, certificate: Path) -> int:
    """Start nginx with the shipped settings, but for ports and the places of files."""
    port = free_port()
    site = (ROOT / "deploy/proxy/nginx.conf").read_text()
    for old, new in {
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "127.0.0.1:8765": f"127.0.0.1:{app}",
        "/etc/ssl/backup.example.com.pem": str(certificate / "cert.pem"),
        "/etc/ssl/private/backup.example.com.key": str(certificate / "key.pem"),
    }.items():
        assert old in site
        site = site.replace(old, new)
    temporary = " ".join(
        f"{kind}_temp_path {place}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (place / "conf").write_text(
        f"daemon off; user root; pid {place}/pid; events {{}} http {{ access_log off; {temporary} {site} }}"
    )
    argv = [need(Path("/usr/sbin/nginx")), "-c", place / "conf", "-p", place, "-e", place / "error.log"]
    run.start(argv, ready=partial(listens, port), log=place / "log")
    return port


def caddy(run: Run, place: Path, app: int, certificate: Path) -> int:
    """Start Caddy with the shipped settings; nobody here gives certificates, so it is given one."""
    port = free_port()
    site = (ROOT / "deploy/proxy/Caddyfile").read_text()
    start = f"{HOST} {{\n"
    assert start in site
    assert "127.0.0.1:8765" in site
    files = f"tls {certificate}/cert.pem {certificate}/key.pem"
    site = site.replace(start, f"https://{HOST}:{port} {{\n\tbind 127.0.0.1\n\t{files}\n")
    (place / "Caddyfile").write_text(
        "{\n\tadmin off\n\tauto_https off\n}\n" + site.replace("127.0.0.1:8765", f"127.0.0.1:{app}")
    )
    argv = [need("caddy"), "run", "--config", place / "Caddyfile", "--adapter", "caddyfile"]
    run.start(argv, ready=partial(listens, port), log=place / "log", environment={"HOME": str(place)})
    return port


def traefik(run: Run, place: Path, app: int, certificate: Path) -> int:
    """Start Traefik with the shipped settings as its file provider; its entry point and certificate are what it is given."""
    port, folder = free_port(), place / "dynamic"
    site = (ROOT / "deploy/proxy/traefik.yaml").read_text()
    assert "http://127.0.0.1:8765" in site
    folder.mkdir()
    (folder / "site.yaml").write_text(site.replace("127.0.0.1:8765", f"127.0.0.1:{app}"))
    pair = {"certFile": str(certificate / "cert.pem"), "keyFile": str(certificate / "key.pem")}
    (folder / "tls.yaml").write_text(json.dumps({"tls": {"certificates": [pair]}}))
    options = {
        "entryPoints.websecure.address": f"127.0.0.1:{port}",
        "providers.file.directory": folder,
        "global.checkNewVersion": "false",
        "global.sendAnonymousUsage": "false",
    }
    argv = [need("traefik"), *(f"--{name}={value}" for name, value in options.items())]
    asked = partial(routes, port, certificate)  # it listens before it has read what to do
    run.start(argv, ready=asked, log=place / "log", environment={"HOME": str(place)})
    return port


def routes(port: int, certificate: Path) -> bool:
    """Tell whether a proxy passes on what is for the host."""
    with contextlib.suppress(httpx.HTTPError), client_of(port, certificate) as client:
        return get(client, "/health").is_success
    return False


def client_of(port: int, certificate: Path) -> httpx.Client:
    """Return a browser's place behind a proxy; it knows the name by itself."""
    trust = ssl.create_default_context(cafile=str(certificate / "ca.pem"))
    address = f"https://127.0.0.1:{port}"
    return httpx.Client(base_url=address, verify=trust, trust_env=False, timeout=20, headers={"Host": HOST})


@pytest.fixture(params=[nginx, caddy, traefik], ids=lambda start: start.__name__)
def proxied(
    request: pytest.FixtureRequest, servers_run: Run, tmp_path: Path, app: int, certificate: Path
) -> Iterator[httpx.Client]:
    """A browser's place behind each of the proxies."""
    tmp_path.chmod(0o755)
    start: Callable[[Run, Path, int, Path], int] = request.param
    port = start(servers_run, tmp_path, app, certificate)
    with client_of(port, certificate) as client:
        yield client


def get(client: httpx.Client, path: str, **headers: str) -> httpx.Response:
    return client.get(path, headers=headers, extensions={"sni_hostname": HOST})


def test_behind_a_proxy(proxied: httpx.Client) -> None:
    """Addresses and cookies are those of the proxy, whatever a browser claims of itself."""
    lies = {"X-Forwarded-Host": "evil.example.net", "X-Forwarded-Proto": "http", "X-Forwarded-For": "203.0.113.9"}
    answer = get(proxied, "/", **lies)
    assert answer.status_code in {302, 303}
    assert "evil" not in answer.headers["location"]
    page = get(proxied, answer.headers["location"], **lies)
    assert page.status_code == 200
    assert "First start" in page.text
    cookies = page.headers.get_list("set-cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies), cookies
