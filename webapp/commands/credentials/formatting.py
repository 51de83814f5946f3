"""What `export` and `exec` share: a credential in a tool's shape, with options that never hold a secret."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from webapp.core.errors import NotFoundError, PermanentError

if TYPE_CHECKING:
    from webapp.core.formats import Format

LONGEST_FILE = 64 * 1024


class FormatKey(click.ParamType[str]):
    """The key of a format, such as restic."""

    name = "format"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the key of a known format."""
        from webapp.core.formats import find_format  # noqa: PLC0415  the help text needs no formats

        try:
            return find_format(str(value).lower()).key
        except NotFoundError as error:
            self.fail(error.message, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the formats that begin like this."""
        from webapp.core.formats import FORMATS  # noqa: PLC0415

        del ctx, param
        begun = incomplete.lower()
        return [CompletionItem(key, help=known.summary) for key, known in FORMATS.items() if key.startswith(begun)]


def format_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add `--format`, `--option` and `--option-file`."""
    for option in (
        click.option(
            "--option-file",
            "option_files",
            multiple=True,
            metavar="KEY=FILE",
            help="An option that is secret or long, read from a file; /dev/stdin is one.",
        ),
        click.option("--option", "options", multiple=True, metavar="KEY=VALUE", help="An option of the format."),
        click.option(
            "--format",
            "format_key",
            type=FormatKey(),
            required=True,
            help="The tool's shape, such as restic or rclone.",
        ),
    ):
        command = option(command)
    return command


def read_options(wanted: Format, options: tuple[str, ...], option_files: tuple[str, ...]) -> dict[str, object]:
    """Return the options by key.

    Raises:
        UsageError: One is written in the wrong way, given twice, or a secret that others could see.
        PermanentError: A file cannot be read.
    """
    secret = {option.key for option in wanted.kept_options}
    given: dict[str, object] = {}
    for text in options:
        key, value = _pair(text, given)
        if key in secret:
            raise click.UsageError(
                f"{key} is a secret, and others can see a command line. Use --option-file {key}=FILE, or leave it away "
                "to have it generated and kept."
            )
        given[key] = value
    for text in option_files:
        key, path = _pair(text, given)
        given[key] = _file(key, Path(path))
    return given


def _pair(text: str, given: dict[str, object]) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.UsageError("Write an option as KEY=VALUE.")
    if key in given:
        raise click.UsageError(f"The option {key[:40]} is given twice.")
    return key, value


def _file(key: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(LONGEST_FILE + 1)
        if len(data) > LONGEST_FILE:
            raise PermanentError(f"The file for {key} is larger than 64 KiB.", field=key)
        text = data.decode()
    except OSError as error:
        raise PermanentError(f"The file for {key} cannot be read: {error.strerror}.", field=key) from None
    except UnicodeDecodeError:
        raise PermanentError(f"The file for {key} is no UTF-8 text.", field=key) from None
    return text.removesuffix("\n").removesuffix("\r")
