"""The documentation says what the program does: generated pages are current, links lead somewhere, examples run."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import click
import pytest

from webapp.commands import main
from webapp.commands.reference import HELP, is_current, pages
from webapp.core.verification.states import State
from webapp.settings import PREFIX, SETTINGS

ROOT = Path(__file__).parents[1]
WRITTEN = [*sorted(HELP.glob("*.md")), *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md"))]
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
EXAMPLE = re.compile(r"```(?:console|sh)\n(.*?)```", re.DOTALL)
CALL = re.compile(r"(?<!install )(?<!--unit )(?<!--namespace )(?<!--tag )backup-credentials ")
"""The program, and not a release or a unit of its name."""


def name_of(path: Path) -> str:
    return path.name


@pytest.mark.parametrize("name", list(pages()))
def test_generated_pages_are_current(name: str) -> None:
    assert is_current(name, pages()[name]), f"run `backup-credentials docs --write` ({name})"


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://")):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", sorted(HELP.glob("*.md")), ids=name_of)
def test_pages_of_the_app_link_among_themselves_only(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# ")
    for target in LINK.findall(text):
        assert "/" not in target or target.startswith(("https://", "images/")), target


def test_every_page_is_in_the_index() -> None:
    named = set(LINK.findall((HELP / "index.md").read_text(encoding="utf-8")))
    assert named == {path.name for path in HELP.glob("*.md")} - {"index.md"}


def test_every_state_is_explained() -> None:
    text = (HELP / "verification.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([a-z-]+)` \|", text, re.MULTILINE) == list(State)


def test_settings_that_are_named_exist() -> None:
    composed = set(re.findall(rf"{PREFIX}[A-Z_]+", (ROOT / "deploy/compose.yaml").read_text(encoding="utf-8")))
    known = {setting.environment for setting in SETTINGS} | composed
    for path in WRITTEN:
        named = set(re.findall(rf"{PREFIX}[A-Z_]+", path.read_text(encoding="utf-8")))
        assert named <= known, path.name


def commands(path: Path) -> list[str]:
    """Return every command line of a page that calls the program."""
    lines = "\n".join(EXAMPLE.findall(path.read_text(encoding="utf-8"))).splitlines()
    return [line.removeprefix("$ ") for line in lines if CALL.search(line)]


@pytest.mark.parametrize("path", WRITTEN, ids=name_of)
def test_commands_and_options_that_are_shown_exist(path: Path) -> None:
    for line in commands(path):
        words = shlex.split(CALL.split(line, maxsplit=1)[1].split("<")[0].split(";")[0])
        command = main.commands[words[0]]
        command = command.commands[words[1]] if isinstance(command, click.Group) else command
        options = {name for parameter in command.params for name in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, line


def test_the_examples_of_getting_started_run(tmp_path: Path) -> None:
    text = (HELP / "getting-started.md").read_text(encoding="utf-8")
    example = next(found for found in EXAMPLE.findall(text) if "values.json" in found)
    script = "\n".join(line.removeprefix("$ ") for line in example.splitlines())
    program = f'backup-credentials() {{ {shlex.quote(sys.executable)} -m webapp "$@"; }}\nset -eu\n'
    environment = {**os.environ, "BACKUP_CREDENTIALS_DATA_DIR": str(tmp_path / "data"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", program + script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Nightly  FTP" in done.stdout
    assert "Deleted “Nightly”." in done.stdout
    assert not (tmp_path / "values.json").exists()


def test_the_lines_of_the_readme_name_real_things() -> None:
    lines = [line for found in EXAMPLE.findall((ROOT / "README.md").read_text(encoding="utf-8")) for line in [found]]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(re.findall(r"--group (\w+)", "".join(lines))) == set(project["dependency-groups"])
    assert "backup-credentials" in project["project"]["scripts"]
    for file in re.findall(r"python (tests/\S+)", "".join(lines)):
        assert (ROOT / file).is_file()


def test_the_licence_is_the_one_that_is_declared() -> None:
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
