"""The generated pages of the documentation: the command line from its own help, the settings from their data.

`python -m webapp.commands.reference --write` writes them; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from webapp.commands.group import PROGRAM, Command
from webapp.settings import SETTINGS, Setting

if TYPE_CHECKING:
    from webapp.core.providers.base import Provider

HELP = Path(__file__).parent.parent / "help"
"""Where the documentation is."""

NOTE = "*This page is written from the code by `backup-credentials docs --write`.*"


@click.command(cls=Command, hidden=True)
@click.option("--write", is_flag=True, help="Write the files instead of naming those that are not current.")
def docs(*, write: bool) -> None:
    """Check or write the generated pages of the documentation."""
    old = [name for name, text in pages().items() if not is_current(name, text)]
    for name in old:
        if write:
            (HELP / name).write_text(pages()[name], encoding="utf-8")
        click.echo(f"{'Written' if write else 'Not current'}: {name}")
    if old and not write:
        raise click.exceptions.Exit(1)


def pages() -> dict[str, str]:
    """Return every generated page by its file name."""
    return {name: make() for name, make in GENERATED.items()}


def is_current(name: str, text: str) -> bool:
    """Tell whether a file holds what would be written."""
    path = HELP / name
    return path.is_file() and path.read_text(encoding="utf-8") == text


def settings_page() -> str:
    """Return the settings as one table."""
    head = "| Environment | Option | Default | What it does |\n| --- | --- | --- | --- |"
    rows = "\n".join(settings_row(known) for known in SETTINGS)
    return (
        "# Settings\n\n"
        "Every setting can be given in the environment. Some are options of a command as well, and an option wins. "
        "An empty value counts as not given. A value that cannot be used is told in one line, and nothing starts.\n\n"
        f"{head}\n{rows}\n\n"
        f"Checks see these variables of the environment as well, and no others: {passed_on()}.\n\n{NOTE}\n"
    )


def passed_on() -> str:
    """Return the variables that a check sees; lower case means the same and is left out."""
    from webapp.core.verification.daemons import PASSED_ON  # noqa: PLC0415  the command line needs no daemons

    return ", ".join(f"`{name}`" for name in PASSED_ON if name.isupper())


def settings_row(known: Setting) -> str:
    """Return one line of the table."""
    option = f"`{known.option}`" if known.option else ""
    return f"| `{known.environment}` | {option} | {known.default} | {known.help} |"


def command_line_page() -> str:
    """Return the help of every command."""
    from webapp.commands import main  # noqa: PLC0415  it imports this module

    context = click.Context(main, info_name=PROGRAM)
    sections = "\n".join(sections_of(main, context))
    return f"# Command line\n\n{main.help}\n\n{main.epilog}\n\n{sections}\n{NOTE}\n"


def sections_of(group: click.Group, parent: click.Context) -> Iterator[str]:
    """Give a section for each command; those of a group follow the group."""
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from sections_of(command, click.Context(command, info_name=command.name, parent=parent))
        elif not command.hidden:
            yield command_section(command, parent)


def command_section(command: click.Command, parent: click.Context) -> str:
    """Return what one command does and its options as a table."""
    context = click.Context(command, info_name=command.name, parent=parent)
    usage = " ".join(command.collect_usage_pieces(context))
    options = "\n".join(option_rows(command, context))
    title = context.command_path.removeprefix(PROGRAM).strip()
    return (
        f"## {title}\n\n```text\n{context.command_path} {usage}\n```\n\n{prose(command)}\n\n"
        f"| Option | What it does |\n| --- | --- |\n{options}\n"
    )


def prose(command: click.Command) -> str:
    """Return the help text with its paragraphs, each on one line."""
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def option_rows(command: click.Command, context: click.Context) -> Iterator[str]:
    """Give a line for each option."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record:
            yield f"| `{record[0]}` | {' '.join(record[1].split())} |"


ASKED = "## What each provider is asked"
"""Heading of the generated part of `verification.md`; everything above it is written by hand."""


PROVEN = """## How it was proven

Each cell says which state the check as it ships gave, and against what: a real server by its name, or the fake
internet, a program of the tests that speaks for the vendors as their documentation says, since they cannot be had on
one machine. The tests wrote this down and fail when they see something else."""
"""What stands before the table of proofs."""

ANSWERED = """## What was answered

Every answer behind the cells above, with the field it belongs to and the sentence that a person reads."""
"""What stands before the table of answers."""


def verification_page() -> str:
    """Return the page on verification with its table of requests."""
    from webapp.core.providers import PROVIDERS  # noqa: PLC0415  the command line needs no providers
    from webapp.core.verification.proofs import answers, table  # noqa: PLC0415

    written = (HELP / "verification.md").read_text(encoding="utf-8").split(ASKED)[0].rstrip()
    rows = "\n".join(f"| {known.label} | {request(known)} | `{known.probe.success}` |" for known in PROVIDERS.values())
    head = "| Provider | Request | A positive answer means |\n| --- | --- | --- |"
    asked = f"{ASKED}\n\n{head}\n{rows}"
    end = "*These tables are written from the code and from what its tests have seen.*"
    return f"{written}\n\n{asked}\n\n{PROVEN}\n\n{table()}\n\n{ANSWERED}\n\n{answers()}\n\n{end}\n"


def request(known: Provider) -> str:
    """Say what a check asks of a provider."""
    if known.probe.method == "none":
        return "nothing; the service is gone"
    if known.probe.method == "about":
        return "how much space is used"
    place = f"the folder `{known.probe.path}`" if known.probe.path else "the top folder"
    if known.bucket_word:
        place = f"all {known.bucket_word.lower()}s"
    named = f", or a random name in `{known.target}` when that is given" if known.target else ""
    return f"a list of {place}{named}"


def formats_page() -> str:
    """Return every format with its keys, providers and proof."""
    from webapp.core.formats.reference import reference  # noqa: PLC0415  the command line needs no formats

    return f"{reference()}\n{NOTE}\n"


def resource_page() -> str:
    """Return the page on the custom resource, made from its definition."""
    from credential_operator.crd.reference import resource_page as page  # noqa: PLC0415  only this page needs it

    return f"{page()}\n{NOTE}\n"


def operator_page() -> str:
    """Return the reasons, permissions and metrics of the operator."""
    from credential_operator.running.reference import page  # noqa: PLC0415  the command line needs no operator

    return f"{page()}\n{NOTE}\n"


def api_page() -> str:
    """Return the page on the API with its scopes and operations."""
    from webapp.api.reference import page  # noqa: PLC0415  only this page needs it

    return f"{page()}\n{NOTE}\n"


GENERATED: Mapping[str, Callable[[], str]] = {
    "settings.md": settings_page,
    "command-line.md": command_line_page,
    "verification.md": verification_page,
    "formats.md": formats_page,
    "resource.md": resource_page,
    "operator-reference.md": operator_page,
    "api.md": api_page,
}
"""File name and maker of each generated page."""

if __name__ == "__main__":
    docs()
