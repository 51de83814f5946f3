"""The whole program as people meet it, with everything that it says noted down."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
from canary.canaries import Canaries
from commands.conftest import Ended, Program, Served

ACCOUNT = "admin"
SEED = "secret-seed.json"
"""The file that holds the master keys on purpose; they are searched for everywhere else."""


class House:
    """One data folder, the server on it, a browser that is logged in, and the command line beside.

    Attributes:
        canaries: What was planted and what was seen.
        echo: Address of a web server that refuses everything and says back all that it was sent.
        password: The account's password, itself a canary.
    """

    def __init__(self, program: Program, served: Served, echo: str, canaries: Canaries) -> None:
        self.program, self.canaries, self.echo = program, canaries, echo
        self.client = httpx.Client(base_url=served.address, follow_redirects=True, trust_env=False, timeout=60)
        self._tokens: dict[str, str] = {}
        self.password = canaries.mint("the account's password")
        self.code = next(line for line in served.lines if "one-time code" in line).rpartition(" ")[2]

    def set_up(self) -> None:
        """Make the first account."""
        self.client.get("/setup")
        self.send("/setup", {"code": self.code, "name": ACCOUNT, "password": self.password}, form="/setup")

    def open(self, path: str, **headers: str) -> httpx.Response:
        """Open a page as a browser does; `HX_Request="true"` as htmx does."""
        return self.noted(self.client.get(path, headers={name.replace("_", "-"): v for name, v in headers.items()}))

    def send(
        self, path: str, values: Mapping[str, str], *, form: str = "/account", fragment: bool = False, **more: object
    ) -> httpx.Response:
        """Send a form, with the token of a page that has one."""
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"} if fragment else {}
        data = {"csrf_token": self.token(form), **values}
        return self.noted(self.client.post(path, data=data, headers=headers, **more))  # pyright: ignore[reportArgumentType]

    def token(self, form: str) -> str:
        """Return the token of a page's form; it holds as long as the cookie that it belongs to."""
        cookie = self.client.cookies.get("csrf", "")
        if cookie not in self._tokens:
            found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', self.client.get(form).text)
            assert found, form
            cookie = self.client.cookies.get("csrf", "")
            self._tokens[cookie] = found.group(1)
        return self._tokens[cookie]

    def noted(self, answer: httpx.Response) -> httpx.Response:
        """Note what an answer and those before it said."""
        for step in (*answer.history, answer):
            where = f"the answer to {step.request.method} {step.request.url.path}"
            headers = [
                pair for pair in step.headers.multi_items() if pair[0] != "set-cookie"
            ]  # they are for this person
            self.canaries.saw(where, f"{step.url} {headers} {step.text}")
        return answer

    def run(self, *arguments: str, given: object = b"", **environment: str) -> Ended:
        """Run a command of the command line."""
        ended = self.program(*arguments, given=given, **environment)
        self.canaries.saw(f"what `{' '.join(arguments[:2])}` printed", ended.out + ended.err)
        return ended

    def drafted(self, path: str) -> dict[str, str]:
        """Return the hidden values of the form on a page."""
        text = self.open(path).text
        return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', text))

    @property
    def stored(self) -> list[dict[str, str]]:
        """The credentials as `list --json` tells them."""
        return json.loads(self.program("list", "--json").out)

    def look_at_files(self) -> None:
        """Note every file of the data folder but the seed."""
        for path in sorted(self.program.folder.rglob("*")):
            if path.is_file() and path.name != SEED:
                self.canaries.saw(f"the file {path.name}", path.read_bytes())
                if path.suffix == ".zip":
                    self.saw_backup(path.name, path.read_bytes())

    def saw_backup(self, name: str, data: bytes) -> None:
        """Note what is in a backup, unpacked; the seed in it is under its passphrase."""
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for member in archive.namelist():
                self.canaries.saw(f"the backup {name}, its {member}", archive.read(member))


@contextmanager
def opened(folder: Path, echo: str, canaries: Canaries, environment: Mapping[str, str]) -> Iterator[House]:
    """Start the server on an empty folder, with its first account made."""
    program = Program(folder)
    program.environment |= environment
    with program.serving() as served:
        house = House(program, served, echo, canaries)
        house.set_up()
        yield house
        house.client.close()
        house.look_at_files()  # while the server has it open: the write-ahead log too
        served.stop()
        while not served._queue.empty():
            served.lines.append(served._queue.get())
        canaries.saw("the log of the server", "\n".join(served.lines))
    house.look_at_files()
