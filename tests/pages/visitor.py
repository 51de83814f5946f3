"""Visits pages as a browser without JavaScript does: follows forms as they stand in the page and nothing else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser

from flask.testing import FlaskClient
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

VOID = {"input", "br", "img", "hr", "meta", "link", "use"}


@dataclass
class Form:
    """One form of a page with what it would send."""

    id: str
    action: str
    method: str
    values: MultiDict[str, str] = field(default_factory=MultiDict)
    buttons: list[dict[str, str]] = field(default_factory=list)

    def button(self, text: str) -> dict[str, str]:
        """Return the button with this text."""
        found = [button for button in self.buttons if text in " ".join(button["text"].split())]
        assert found, f"no button {text!r} among {[button['text'] for button in self.buttons]}"
        return found[0]


class Reader(HTMLParser):
    """Reads the forms, ids and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.inputs: list[dict[str, str]] = []
        self._form: Form | None = None
        self._select = ""
        self._chosen: str | None = None
        self._first: str | None = None
        self._area = ""
        self._button: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "label" and "for" in found:
            self.labels.add(found["for"])
        getattr(self, f"_start_{tag}", lambda _found: None)(found)

    def _start_form(self, found: dict[str, str]) -> None:
        assert self._form is None, "a form inside a form"
        self._form = Form(found.get("id", ""), found.get("action", ""), found.get("method", "get").lower())
        self.forms.append(self._form)

    def _start_input(self, found: dict[str, str]) -> None:
        self.inputs.append(found)
        kind = found.get("type", "text")
        if self._form is None or not found.get("name") or kind in {"file", "submit"}:
            return
        if kind in {"checkbox", "radio"} and "checked" not in found:
            return
        self._form.values.add(found["name"], found.get("value", "on" if kind == "checkbox" else ""))

    def _start_select(self, found: dict[str, str]) -> None:
        self.inputs.append({**found, "type": "select"})
        self._select, self._chosen, self._first = found.get("name", ""), None, None

    def _start_option(self, found: dict[str, str]) -> None:
        value = found.get("value", "")
        self._first = value if self._first is None else self._first
        if "selected" in found:
            self._chosen = value

    def _start_textarea(self, found: dict[str, str]) -> None:
        self.inputs.append({**found, "type": "textarea"})
        self._area = found.get("name", "")
        if self._form and self._area:
            self._form.values.add(self._area, "")

    def _start_button(self, found: dict[str, str]) -> None:
        self._button = {"text": "", **found}
        if self._form:
            self._form.buttons.append(self._button)

    def handle_data(self, data: str) -> None:
        if self._button is not None:
            self._button["text"] += data
        if self._area and self._form:
            self._form.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "button":
            self._button = None
        elif tag == "textarea":
            self._area = ""
        elif tag == "select" and self._form and self._select:
            self._form.values.add(self._select, self._chosen if self._chosen is not None else self._first or "")
            self._select = ""


class Page:
    """An answer, read."""

    def __init__(self, response: TestResponse, address: str) -> None:
        self.status = response.status_code
        self.data = response.get_data()
        self.text = self.data.decode(errors="replace")
        self.headers = response.headers
        self.address = address
        self.read = Reader()
        self.read.feed(self.text)

    def form(self, button: str) -> Form:
        """Return the form that has a button with this text."""
        found = [form for form in self.read.forms if any(button in each["text"] for each in form.buttons)]
        assert found, f"no form with a button {button!r} on {self.address}"
        return found[0]


class Visitor:
    """Somebody with a browser that has no JavaScript."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.seen: list[str] = []

    def get(self, address: str, **headers: str) -> Page:
        """Open an address."""
        return self._page(self.client.get(address, headers=headers), address)

    def press(
        self,
        page: Page,
        button: str,
        typed: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[bytes, str]] | None = None,
        **headers: str,
    ) -> Page:
        """Type values into the form of a page and press one of its buttons."""
        form = page.form(button)
        pressed = form.button(button)
        values = MultiDict(form.values)
        for name, value in (typed or {}).items():
            values.setlist(name, [value])
        if pressed.get("name"):
            values[pressed["name"]] = pressed.get("value", "")
        action = pressed.get("formaction") or form.action or page.address
        if pressed.get("formmethod", form.method) == "get":
            return self._page(self.client.get(action, query_string=values, headers=headers), action)
        return self.post(action, values, files, **headers)

    def post(
        self,
        address: str,
        values: MultiDict[str, str],
        files: Mapping[str, tuple[bytes, str]] | None = None,
        **headers: str,
    ) -> Page:
        """Send values."""
        data: MultiDict[str, object] = MultiDict(list(values.items(multi=True)))
        for name, (content, filename) in (files or {}).items():
            data.add(name, FileStorage(io.BytesIO(content), filename))
        boundary, body = encode_multipart(data)  # the client itself would leave a temporary file open
        kind = f"multipart/form-data; boundary={boundary}"
        response = self.client.post(address, data=body, headers=headers, content_type=kind)
        return self._page(response, address)

    def _page(self, response: TestResponse, address: str) -> Page:
        self.seen.append(response.get_data().decode(errors="replace") + str(response.headers))
        if response.status_code in {302, 303, 308} and response.location:
            return self.get(response.location)
        return Page(response, address)
