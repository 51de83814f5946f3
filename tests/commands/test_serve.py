"""`serve` as a process: starts, answers, stops, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import signal
import socket
import ssl
import threading
import time
from pathlib import Path
from typing import Any

import httpx
import psutil
import psycopg
import pytest
import trustme
from servers.waiting import eventually

from webapp.core.store.keyring import new_seed


def children(process: Any) -> list[psutil.Process]:
    return psutil.Process(process.pid).children(recursive=True)


def test_it_tells_its_address_and_the_code_and_answers(program: Any) -> None:
    with program.serving() as served:
        assert served.address.startswith("http://127.0.0.1:")
        assert any("one-time code" in line for line in served.lines)
        answer = httpx.get(served.address + "/", follow_redirects=True)
        assert answer.status_code == 200
        assert "text/html" in answer.headers["content-type"]
        assert answer.headers["server"] == "backup-credentials"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_in_order_and_leaves_no_process(program: Any, number: signal.Signals) -> None:
    with program.serving() as served:
        eventually(lambda: bool(children(served.process)))
        before = children(served.process)
        assert served.stop(number) == 0
        eventually(lambda: not any(child.is_running() for child in before), 5)
        with pytest.raises(httpx.ConnectError):
            httpx.get(served.address)


def test_killed_it_leaves_no_process_either(program: Any) -> None:
    with program.serving() as served:
        eventually(lambda: bool(children(served.process)))
        before = children(served.process)
        served.process.kill()
        served.process.wait()
        eventually(lambda: not any(alive(child) for child in before), 5)


def alive(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def test_a_running_request_is_finished(program: Any) -> None:
    with program.serving() as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=20)
        body = b"name=x&password=y"
        connection.putrequest("POST", "/login")
        connection.putheader("Content-Type", "application/x-www-form-urlencoded")
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body[:5])
        time.sleep(0.3)  # the server now waits for the rest inside the request
        stopping = threading.Thread(target=served.stop)
        stopping.start()
        time.sleep(0.5)
        connection.send(body[5:])
        assert connection.getresponse().status < 500
        stopping.join()
        assert served.process.returncode == 0


def test_an_idle_connection_does_not_hold_it_up(program: Any) -> None:
    with program.serving() as served, socket.create_connection(("127.0.0.1", served.port)):
        started = time.monotonic()
        assert served.stop() == 0
        assert time.monotonic() - started < 8


def test_a_taken_port_is_told(program: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ended = program("serve", "--port", str(taken.getsockname()[1]))
    assert ended.code == 1
    assert "in use" in ended.line


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "backup.example.com"])
def test_a_public_address_needs_tls(program: Any, host: str) -> None:
    ended = program("serve", "--host", host, "--port", "0")
    assert ended.code == 1
    assert "--tls-certificate" in ended.line
    assert not program.folder.exists()


def test_a_public_address_without_tls_when_told_so(program: Any) -> None:
    with program.serving("--host", "0.0.0.0", "--port", "0", "--insecure-http") as served:
        assert any(line.startswith("Warning: ") and "clear text" in line for line in served.lines)
        assert httpx.get(f"http://127.0.0.1:{served.port}/").status_code < 400


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[trustme.CA, Path, Path]:
    return issued(tmp_path / "chain.pem", tmp_path / "key.pem")


def issued(chain: Path, key: Path) -> tuple[trustme.CA, Path, Path]:
    """Write a certificate of an authority of its own."""
    authority = trustme.CA()
    made = authority.issue_cert("localhost", "127.0.0.1")
    chain.write_bytes(b"".join(blob.bytes() for blob in made.cert_chain_pems))
    key.write_bytes(made.private_key_pem.bytes())
    return authority, chain, key


def test_tls(program: Any, certificate: tuple[trustme.CA, Path, Path]) -> None:
    authority, chain, key = certificate
    context = ssl.create_default_context()
    authority.configure_trust(context)
    arguments = ("--port", "0", "--host", "0.0.0.0", "--tls-certificate", str(chain), "--tls-key", str(key))
    with program.serving(*arguments) as served:
        assert served.address.startswith("https://")
        address = f"https://localhost:{served.port}/"
        answer = httpx.get(address, verify=context, follow_redirects=True)
        assert answer.status_code == 200
        cookies = [value for name, value in answer.headers.multi_items() if name == "set-cookie"]
        assert all("Secure" in cookie for cookie in cookies)
        with pytest.raises(httpx.ConnectError):
            httpx.get(address)


def test_a_renewed_certificate_is_taken_without_a_restart(
    program: Any, certificate: tuple[trustme.CA, Path, Path]
) -> None:
    """One whose key does not belong to it is not: the former stays until both are there."""
    _, chain, key = certificate
    arguments = ("--port", "0", "--tls-certificate", str(chain), "--tls-key", str(key))
    with program.serving(*arguments) as served:
        chain.write_bytes(b"half")
        served.wait_for("The former certificate stays")
        authority, *_ = issued(chain, key)
        context = ssl.create_default_context()
        authority.configure_trust(context)

        def trusted() -> bool:
            with contextlib.suppress(httpx.ConnectError):
                return httpx.get(f"https://localhost:{served.port}/health", verify=context).is_success
            return False

        eventually(trusted, 30)


def test_files_that_are_no_certificate_are_told(program: Any, certificate: tuple[trustme.CA, Path, Path]) -> None:
    _, chain, key = certificate
    other = key.with_name("other.pem")
    other.write_bytes(trustme.CA().issue_cert("x").private_key_pem.bytes())
    for pair in ((chain, chain), (key, key), (chain, other)):
        ended = program("serve", "--port", "0", "--tls-certificate", str(pair[0]), "--tls-key", str(pair[1]))
        assert ended.code == 1
        assert "belong together" in ended.line


def test_other_host_names_are_refused(program: Any) -> None:
    with program.serving("--port", "0", "--host-names", "backup.example.com") as served:
        assert served.address.startswith("http://backup.example.com:")
        answer = lambda host: httpx.get(f"http://127.0.0.1:{served.port}/", headers={"host": host}).status_code  # noqa: E731  short
        assert answer("backup.example.com") < 400
        assert answer("evil.example.com") == 400


def test_behind_a_proxy_its_word_counts(program: Any) -> None:
    headers = {"x-forwarded-proto": "https", "x-forwarded-host": "backup.example.com", "x-forwarded-for": "192.0.2.7"}
    with program.serving("--port", "0", "--behind-proxy", "--host-names", "backup.example.com") as served:
        answer = httpx.get(f"http://127.0.0.1:{served.port}/", headers=headers)
        assert answer.status_code < 400
        assert not answer.headers.get("location", "").startswith("http://")


def test_commands_work_beside_it(filled: Any) -> None:
    with filled.serving() as served:
        assert filled("show", "Nightly").code == 0
        values = {"url": "https://example.com/"}
        assert filled("add", "Second", "--provider", "HTTP", given=values).code == 0
        assert httpx.get(served.address, follow_redirects=True).status_code == 200


def test_two_servers_share_one_store(program: Any, postgres: str) -> None:
    name = f"t{secrets.token_hex(6)}"
    with psycopg.connect(f"{postgres} user=test dbname=postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    shared = {"BACKUP_CREDENTIALS_DATABASE": f"postgresql://test@/{name}?{postgres}"}
    with program.serving(**shared) as first, program.serving(**shared) as second:
        for served in (first, second):
            assert httpx.get(served.address, follow_redirects=True).status_code == 200


def test_without_its_seed_it_starts_locked(filled: Any) -> None:
    (filled.folder / "secret-seed.json").unlink()
    with filled.serving() as served:
        assert any("locked" in line for line in served.lines)
        assert not any("one-time code" in line for line in served.lines)
        assert "is missing. Nothing is lost" in httpx.get(served.address, follow_redirects=True).text


def test_ready_says_whether_all_can_be_done(filled: Any) -> None:
    with filled.serving() as served:
        assert httpx.get(served.address + "/ready").status_code == 200
    (filled.folder / "secret-seed.json").unlink()
    with filled.serving() as served:
        answer = httpx.get(served.address + "/ready")
        assert answer.status_code == 503
        assert "locked" in answer.text
        assert httpx.get(served.address + "/health").status_code == 200


def test_a_new_installation_waits_for_a_seed_that_it_cannot_make(program: Any, tmp_path: Path) -> None:
    """A mounted Secret that is missing: page up, not ready, the reason in both; once it is there, all goes on."""
    seed = tmp_path / "mounted/seed"
    with program.serving(BACKUP_CREDENTIALS_SEED_FILE=str(seed)) as served:
        assert f"there is no secret seed at {seed}, and none can be made there" in " ".join(served.lines)
        page = httpx.get(served.address, follow_redirects=True)
        assert page.status_code == 503
        assert f"there is no secret seed at {seed}" in page.text
        assert httpx.get(served.address + "/ready").text.startswith("locked")
        seed.parent.mkdir()
        seed.write_text(new_seed())
        served.wait_for("one-time code")
        assert httpx.get(served.address + "/ready").status_code == 200
        assert "First start" in httpx.get(served.address, follow_redirects=True).text


def test_a_seed_that_comes_back_opens_the_running_server(filled: Any) -> None:
    seed = filled.folder / "secret-seed.json"
    text = seed.read_text()
    seed.unlink()
    with filled.serving() as served:
        assert httpx.get(served.address + "/ready").status_code == 503
        seed.write_text(new_seed())
        time.sleep(3)
        assert httpx.get(served.address + "/ready").status_code == 503, "a foreign seed opens nothing"
        seed.write_text(text)
        eventually(lambda: httpx.get(served.address + "/ready").status_code == 200)


def test_a_second_server_on_one_sqlite_store_refuses(program: Any) -> None:
    with program.serving():
        second = program("serve", "--port", "0")
        assert second.code == 1
        assert "Another server works with" in second.err


def test_the_first_account_from_a_folder(program: Any, tmp_path: Path) -> None:
    (tmp_path / "name").write_text("admin\n")
    (tmp_path / "password").write_text("a password of some words\n")
    with program.serving(BACKUP_CREDENTIALS_ADMINISTRATOR_FOLDER=str(tmp_path)) as served:
        assert not any("one-time code" in line for line in served.lines)
        assert "/login" in str(httpx.get(served.address, follow_redirects=True).url)


def test_a_folder_without_a_password_is_told(program: Any, tmp_path: Path) -> None:
    done = program("serve", "--port", "0", BACKUP_CREDENTIALS_ADMINISTRATOR_FOLDER=str(tmp_path))
    assert done.code == 1
    assert "needs the files name and password" in done.err


def test_misspelt_settings_are_told(program: Any) -> None:
    with program.serving(BACKUP_CREDENTIALS_DATABSE="x") as served:
        assert "Warning: There is no setting BACKUP_CREDENTIALS_DATABSE." in served.lines


def test_json_for_programs(program: Any) -> None:
    import json  # noqa: PLC0415  only here
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    command = [sys.executable, "-m", "webapp", "serve", "--port", "0", "--json"]
    with subprocess.Popen(command, env=program.environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        text = ""
        while not text.endswith("}\n"):
            text += process.stdout.readline()
        data = json.loads(text)
        os.kill(process.pid, signal.SIGTERM)
    assert data["address"].startswith("http://127.0.0.1:")
    assert data["setup_code"]
    assert process.returncode == 0
