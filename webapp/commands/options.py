"""Options that several commands share, and the parts that they open."""

from __future__ import annotations

import dataclasses
import functools
import getpass
import os
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from webapp.core.errors import CredentialError, NotFoundError, PermanentError
from webapp.settings import SETTINGS, Scope, Setting, SettingError, Settings, read_settings

if TYPE_CHECKING:
    from webapp.core.runtime import Runtime
    from webapp.core.store.audit import Action

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def with_settings(*scopes: Scope) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of these scopes and, as its first argument, the settings they lead to."""
    offered = [known for known in SETTINGS if known.scope in scopes]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(command)
        def run(**arguments: Any) -> None:
            given = {known.key: arguments.pop(known.key) for known in offered}
            command(settings_from(given), **arguments)

        decorated: Callable[..., None] = run
        for known in reversed(offered):
            decorated = click_option(known)(decorated)
        return decorated

    return decorate


def click_option(known: Setting) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Turn a setting into an option; its text is read by the setting itself, so that both ways say the same."""
    text = f"{known.help.replace('`', '')} [{known.environment}]"
    if known.flag:
        return click.option(known.option, known.key, type=str, flag_value="true", default=None, help=text)
    metavar = "NUMBER" if known.key == "port" else known.key.split("_")[-1].upper()
    return click.option(known.option, known.key, type=str, default=None, metavar=metavar, help=text)


def settings_from(given: dict[str, str | None]) -> Settings:
    """Read the settings; a wrong one is a wrong usage."""
    try:
        return read_settings(os.environ, given)
    except SettingError as error:
        raise click.UsageError(error.message) from None


@contextmanager
def opened(settings: Settings, *, pool_size: int = 1, niceness: int = 0) -> Generator[Runtime]:
    """Open the store and what belongs to it; one check at a time needs one rclone.

    Raises:
        PermanentError: The data folder, the database or the seed cannot be used.
    """
    from webapp.core.runtime import Runtime  # noqa: PLC0415  the help text needs no store
    from webapp.core.store.audit.acting import acting  # noqa: PLC0415

    try:
        runtime = Runtime(dataclasses.replace(settings, pool_size=pool_size), niceness=niceness)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise PermanentError(f"The data folder {settings.data_dir} cannot be used: {reason}.") from None
    try:
        with acting(this_user(), f"command line: {command_name()}".removesuffix(": ")):
            yield from _minded(runtime)
    finally:
        runtime.stop()


def _minded(runtime: Runtime) -> Iterator[Runtime]:
    """Give the parts, and note it when something breaks in a way that nobody foresaw."""
    from webapp.core.store.audit import Action  # noqa: PLC0415

    try:
        yield runtime
    except (CredentialError, click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except Exception as error:
        runtime.store.audit.failed(Action.FAILURE, error, name=command_name())
        raise


def command_name() -> str:
    """Return the words of the command that runs, such as `audit list`."""
    context = click.get_current_context(silent=True)
    return context.command_path.partition(" ")[2] if context else ""


def refuse_locked(runtime: Runtime, action: Action | None = None, *, name: str = "") -> None:
    """Refuse to go on while the secret seed is missing; with `action` the refusal is noted in the audit.

    Raises:
        PermanentError: The sentence names the missing keys.
    """
    if runtime.store.locked:
        error = PermanentError(runtime.store.locked.message)
        if action:
            runtime.store.audit.failed(action, error, name=name)
        raise error


def this_user() -> str:
    """Return who is typing, for the record of changes."""
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):  # a container may run as a number without a name
        return "command line"


class ProviderType(click.ParamType[str]):
    """The type of a provider, such as S3; upper and lower case are the same."""

    name = "type"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the type as it is stored."""
        from webapp.core.providers import provider  # noqa: PLC0415  the help text needs no providers

        try:
            return provider(str(value).upper()).type
        except NotFoundError as error:
            self.fail(error.message, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the types that begin like this."""
        from webapp.core.providers import PROVIDERS  # noqa: PLC0415

        del ctx, param
        begun = incomplete.upper()
        return [CompletionItem(key, help=known.label) for key, known in PROVIDERS.items() if key.startswith(begun)]


class CredentialName(click.ParamType[str]):
    """The name of a stored credential."""

    name = "name"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the names that begin like this; silent when the store cannot be read."""
        del param
        with suppress(Exception):  # a broken store is told by the command, not by the Tab key
            settings = read_settings(os.environ, {"data_dir": ctx.params.get("data_dir")})
            if settings.database or settings.data_dir.is_dir():
                return list(self._names(settings, incomplete.casefold()))
        return []

    def _names(self, settings: Settings, begun: str) -> Iterator[CompletionItem]:
        with opened(settings) as runtime:
            names = [credential.name for credential in runtime.service.all()]
        return (CompletionItem(name) for name in names if name.casefold().startswith(begun))


provider_option = functools.partial(click.option, "--provider", "provider_type", type=ProviderType())
"""Which provider; `required` or not is said by the command."""
