"""Login to Provider: apps of the settings, codes, verifiers, tokens, renewals; on pages and on the command line.

The fake internet tells which codes and tokens it has given and which verifiers it was sent; none of them may be seen.
"""

from __future__ import annotations

import html
import json
import re
import subprocess
import time
from pathlib import Path

import httpx
from canary.house import House
from commands.conftest import PROGRAM
from core.oauth.clicking import sign_in, trust
from servers.fake_internet.starting import Internet
from servers.fake_internet.tokens import CLIENT, CLIENT_SECRET

BASE, LOGIN, APPS = "/cloud-credentials", "/cloud-credentials/login", "/settings/oauth-apps"
APP = {"client_id": CLIENT, "client_secret": CLIENT_SECRET}


def internet(house: House) -> Internet:
    """Return the fake internet that the house reaches."""
    environment = house.program.environment
    return Internet(environment["HTTPS_PROXY"], Path(environment["SSL_CERT_FILE"]), "", "")


def apps_of_the_settings(house: House) -> None:
    """Check and save an app, with a wrong secret and with the right one; show it again."""
    house.canaries.mint("the OAuth app's secret", CLIENT_SECRET)
    for secret in (house.canaries.mint("a wrong secret of an app"), CLIENT_SECRET):
        for action in ("check", "save"):
            house.send(f"{APPS}/BOX", {"client_id": CLIENT, "client_secret": secret, "action": action})
    house.open(f"{APPS}/")
    house.open(f"{APPS}/BOX")


def begun(house: House, provider: str, way: str) -> str:
    """Put a form aside and begin; return the address of the log-in under way."""
    form = house.drafted(f"{BASE}/add?provider={provider}") | {"provider": provider, "name": f"{provider} by {way}"}
    draft = house.send(LOGIN, form).url.path
    started = house.send(draft, {**APP, "way": way, "access": "full"})
    return started.url.path


def address_of(house: House, flow: str) -> str:
    """Return where the browser goes: the state in it is for this browser, so it is not searched."""
    return house.client.get(f"{flow}/go", follow_redirects=False).headers["Location"]


def saved(house: House, path: str, provider: str, way: str) -> None:
    """Look at the form that is filled in now, verify and save it."""
    form = house.drafted(path) | {"name": f"{provider} by {way}", "provider": provider, "value.client_id": CLIENT}
    house.send(f"{BASE}/verify", form)
    house.send(f"{BASE}/add", {**form, "action": "save", "confirm": "yes"})


def by_redirect(house: House) -> None:
    """Come back once rightly; with a wrong state, in another browser, and once more."""
    for provider in ("DROPBOX", "BOX", "PCLOUD"):
        flow = begun(house, provider, "redirect")
        house.open(flow)
        back = sign_in(internet(house), address_of(house, flow), f"canary{provider}").headers["Location"]
        query = f"/oauth/callback?{back.partition('?')[2]}"
        wrong = [
            query.replace("state=", "state=x"),
            query.partition("&state=")[0] if provider != "PCLOUD" else "/oauth/callback",
        ]
        for address in (*wrong, query, query):
            answer = house.client.get(address, follow_redirects=False)  # the address itself holds the code
            house.canaries.saw("the answer to a callback", f"{answer.headers} {answer.text}")
            if answer.is_redirect:
                saved(house, answer.headers["Location"], provider, "redirect")
        with httpx.Client(base_url=house.client.base_url, trust_env=False) as stranger:
            house.canaries.saw("a stranger's callback", stranger.get(query, follow_redirects=True).text)


def by_code_and_by_paste(house: House) -> None:
    """Type a code at the vendor; paste one here, a wrong one first."""
    flow = begun(house, "YANDEX", "device")
    page = house.open(flow).text
    code = re.search(r'id="user-code">([^<]+)<', page)
    status = re.search(r'hx-post="([^"]+/status/[^"]+)"', page)
    assert code
    assert status
    with httpx.Client(proxy=internet(house).proxy, verify=trust(internet(house)), trust_env=False) as phone:
        typed = {"user_code": code.group(1), "account": "canaryYANDEX", "answer": "allow"}
        phone.post("https://oauth.yandex.com/device", data=typed).raise_for_status()
    time.sleep(1.5)
    saved(house, house.send(html.unescape(status.group(1)), {}).url.raw_path.decode(), "YANDEX", "device")
    flow = begun(house, "DROPBOX", "paste")
    shown = sign_in(internet(house), address_of(house, flow), "canaryPASTE").text
    given = shown.partition('id="code">')[2].partition("<")[0]
    house.send(f"{flow}/paste", {"pasted": house.canaries.mint("a wrong code")})
    saved(house, house.send(f"{flow}/paste", {"pasted": given}).url.raw_path.decode(), "DROPBOX", "paste")


def renewed_and_revoked(house: House) -> None:
    """Verify tokens that have ended: renewed, over for good, refused; then revoke what was made."""
    for kind in ("once", "gone", "html"):
        refresh = house.canaries.mint(f"a refresh token, {kind}", f"{kind}-canary{kind}token-0")
        access = house.canaries.mint(f"an access token that has ended, {kind}")
        token = json.dumps({"access_token": access, "refresh_token": refresh, "expiry": "2020-01-01T00:00:00Z"})
        house.program("add", f"Ended {kind}", "--provider", "BOX", given={**APP, "token": token})
        house.run("verify", f"Ended {kind}", "--json")
        house.run("show", f"Ended {kind}")
    for stored in house.stored:
        if stored["name"] in {"BOX by redirect", "PCLOUD by redirect"}:
            house.open(f"{BASE}/{stored['id']}")
            house.send(f"{BASE}/{stored['id']}/revoke", {})
    house.open("/")
    house.open("/settings/audit")


def on_the_command_line(house: House) -> None:
    """Log in by paste: what is printed and the arguments of the process are searched."""
    command = [*PROGRAM, "login", "By command", "--provider", "BOX", "--values", "--json"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    with subprocess.Popen(command, env=house.program.environment, text=True, **pipes) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(APP) + "\n")
        process.stdin.flush()
        address = json.loads(process.stdout.readline())["address"]
        back = sign_in(internet(house), address, "canaryCOMMAND").headers["Location"]
        said, _ = process.communicate(f"{back}\n", timeout=60)
    house.canaries.saw("what `login` printed", said)
    assert process.returncode == 0, said


def nothing_that_the_vendors_gave(house: House) -> None:
    """Search for all codes, verifiers and tokens that went between the house and the vendors."""
    given = internet(house).ask("secrets")
    assert len(given) > 20
    names = [stored["name"] for stored in house.stored]
    assert {"DROPBOX by redirect", "PCLOUD by redirect", "YANDEX by device", "DROPBOX by paste", "By command"} <= set(
        names
    ), names
    for secret in filter(None, given):
        house.canaries.mint("what a vendor gave or was sent", str(secret))


WAYS = (apps_of_the_settings, by_redirect, by_code_and_by_paste, renewed_and_revoked, on_the_command_line,
        nothing_that_the_vendors_gave)  # fmt: skip
