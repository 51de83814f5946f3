"""Plain field names as environment variables, and the user's own template."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, wraps
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from webapp.core.errors import PermanentError
from webapp.core.fields import Attributes, Field, Kind, Rule, as_text
from webapp.core.formats.base import Carrier, Format, KeyNote, Names, Rendered, Source
from webapp.core.formats.options import FILE_NAME
from webapp.core.providers import PROVIDERS

PREFIX = Field(
    "variable_prefix",
    "Prefix of the names",
    "What stands before each name, such as BACKUP_.",
    rules=(
        Rule(
            lambda value: bool(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(value))),
            "A prefix has letters, digits and underscores and does not begin with a digit.",
            pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$",
        ),
    ),
)
TEMPLATE_TEXT = Field(
    "template",
    "Template",
    "A text with {{ field }} for each value; the names are those of the provider's fields.",
    Kind.LONG_TEXT,
    placeholder="user={{ access_key_id }}\nsecret={{ secret_access_key }}",
    limit=16 * 1024,
    required=True,
)

LARGEST = 64 * 1024
"""Characters that a filled-in template may have."""


def plain_fields(source: Source) -> dict[str, str]:
    """Return every field that takes part, by its key; empty ones are left out."""
    return {
        field.key: as_text(source.attributes[field.key])
        for field in source.provider.shown(source.attributes)
        if field.key in source.attributes
    }


def _environment(source: Source, options: Attributes) -> Mapping[str, str]:
    prefix = str(options.get("variable_prefix", ""))
    return {variable_name(prefix, key): value for key, value in plain_fields(source).items()}


def variable_name(prefix: str, key: str) -> str:
    """Return a field's name as an environment variable; one that would begin with a digit gets an underscore."""
    name = f"{prefix}{key}".upper()
    return f"_{name}" if name[0].isdigit() else name


ENV = Format(
    "env",
    "Environment variables by field name",
    "your own programs",
    "One variable for each field, such as ACCESS_KEY_ID.",
    dict.fromkeys(PROVIDERS, _environment),
    (KeyNote("<PREFIX><FIELD>", "one variable for each field that has a value, in capital letters"),),
    lambda names: f"envFrom:\n- secretRef: {{name: {names.secret}}}\n",
    options=(PREFIX,),
)


ALLOWED = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Test,
    nodes.Filter,
)
"""What a template is made of: values, choices and filters. No loop, call, attribute or sum, so its time is bounded."""

FILTERS = frozenset({"default", "d", "length", "lower", "tojson", "trim", "upper", "urlencode"})
"""Jinja's filters that a template may use; `b64encode` is added."""


def _bounded(call: Callable[..., Any]) -> Callable[..., Any]:
    """Refuse a filter's answer that is too long: filters in a row could double it again and again."""

    @wraps(call)
    def bounded(*values: Any, **options: Any) -> Any:
        made = call(*values, **options)
        if isinstance(made, str) and len(made) > LARGEST:
            raise SecurityError
        return made

    return bounded


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _sandbox() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined,
        autoescape=False,
        keep_trailing_newline=True,
        cache_size=0,  # that cache goes by files; `_compiled` has its own
    )
    environment.globals.clear()
    kept = {name: call for name, call in environment.filters.items() if name in FILTERS}
    environment.filters = {name: _bounded(call) for name, call in kept.items()} | {"b64encode": _bounded(_base64)}
    return environment


SANDBOX = _sandbox()


def _refuse_unsafe(node: nodes.Node) -> None:
    for inner in node.iter_child_nodes():
        if not isinstance(inner, ALLOWED):
            what = type(inner).__name__.lower()
            raise PermanentError(
                f"A template has values, filters and {{% if %}} only. Take this out: {what} in line {inner.lineno}.",
                field="template",
            )
        _refuse_unsafe(inner)


@lru_cache(maxsize=64)  # a template is compiled once, not once for each credential: 1.1 ms of processor time
def _compiled(template: str) -> Template:
    _refuse_unsafe(SANDBOX.parse(template))
    return SANDBOX.from_string(template)


def filled(template: str, values: Mapping[str, str]) -> str:
    """Return a template with its values.

    Raises:
        PermanentError: It errs, names an unknown field, does what is not allowed or makes too long a text.
    """
    try:
        text = _limited(_compiled(template).generate(values))
        text.encode()  # an escape such as \ud800 makes half a character
    except SecurityError:
        raise PermanentError("The template does something that is not allowed here.", field="template") from None
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f" in line {line}" if line else ""
        raise PermanentError(f"The template has an error{place}: {_safe(error)}", field="template") from None
    except (ArithmeticError, LookupError, TypeError, ValueError, RecursionError, MemoryError, SyntaxError):
        # The last one comes from Python, which Jinja writes: a hundred choices in one another are too deep for it.
        raise PermanentError("The template cannot be filled in.", field="template") from None
    return text


def _safe(error: TemplateError) -> str:
    """Return Jinja's own words only where they speak of the template and not of values."""
    message = error.message or ""
    name = re.search(r"'(\w{1,64})' is undefined", message)
    return f"there is no field “{name[1]}” with a value." if name else f"{type(error).__name__}."


def _limited(parts: Iterator[str]) -> str:
    text = ""
    for part in parts:
        text += part
        if len(text) > LARGEST:
            raise PermanentError(f"The template makes more than {LARGEST} characters.", field="template")
    return text


def _template(source: Source, options: Attributes) -> Rendered:
    key = str(options["file"])
    text = filled(str(options["template"]), plain_fields(source) | {"name": source.name})
    return Rendered({key: text.encode()}, files={key: ""})


def _template_usage(names: Names) -> str:
    return f"volumes:\n- name: credential\n  secret: {{secretName: {names.secret}}}   # file {names.option('file')}\n"


_CARRIERS: dict[str, Carrier] = dict.fromkeys(PROVIDERS, _template)
TEMPLATE = Format(
    "template",
    "Your own template",
    "any program",
    "A text of your own with the values of the fields in it.",
    _CARRIERS,
    (KeyNote("<file>", "the template with its values"),),
    _template_usage,
    options=(TEMPLATE_TEXT, FILE_NAME),
    own_text=True,
    source="jinja.palletsprojects.com: templates",
)
