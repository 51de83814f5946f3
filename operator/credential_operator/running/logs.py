"""Log lines with what they speak of, as text or JSON, and never a value."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

EXTRAS = ("namespace", "resource", "reason")
QUIET = ("kopf", "aiohttp", "asyncio", "urllib3")
"""Whose lines are shown from WARNING on only: Kopf's own may repeat whole resources."""


class Line(logging.Formatter):
    """One line of text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        about = "/".join(str(getattr(record, name)) for name in EXTRAS[:2] if hasattr(record, name))
        text = f"{_time(record)} {record.levelname.lower():7} {about}{': ' if about else ''}{record.getMessage()}"
        return text.replace("\n", " ") + _place(record)


class Json(logging.Formatter):
    """One line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "message": record.getMessage() + _place(record),
        }
        line |= {name: str(getattr(record, name)) for name in EXTRAS if hasattr(record, name)}
        return json.dumps(line, ensure_ascii=False)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _place(record: logging.LogRecord) -> str:
    """Return the kind of an exception and where it came from, never its text."""
    if not record.exc_info or not record.exc_info[1]:
        return ""
    error = record.exc_info[1]
    frame = error.__traceback__
    while frame and frame.tb_next:
        frame = frame.tb_next
    where = f" at {frame.tb_frame.f_code.co_filename.rsplit('/', 1)[-1]}:{frame.tb_lineno}" if frame else ""
    return f" ({type(error).__name__}{where})"


def set_up(*, as_json: bool) -> None:
    """Send every line to standard error in one form."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Json() if as_json else Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
