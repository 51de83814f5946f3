from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
from api.conftest import BASE, Program
from api.test_credentials import added
from openapi_spec_validator import validate
from pages.conftest import Site

from webapp.api import OPERATIONS

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance",
    "unsupported_method", "negative_data_rejection", "ignored_auth",
)  # fmt: skip
CONFIGURATION = """
[[operations]]
include-operation-id = ["show_credential", "list_formats", "render_format", "change_credential"]
parameters = {{ "path.credential_id" = "{identifier}" }}
"""
ASKING = ("verify_values", "verify_connection_values", "discover_host_keys", "pair_server", "pair_truenas")
"""Operations that would ask hosts that are not there for most of what it makes up."""
EXAMPLES = 15
"""Generated requests for each operation and phase."""


def test_the_description_is_openapi_and_needs_no_token(site: Site) -> None:
    document = httpx.get(f"{site.address}{BASE}/openapi.json", trust_env=False).json()
    validate(document)
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {(one.method, one.path) for one in OPERATIONS.all}
    assert document["servers"] == [{"url": site.address + BASE}]


def test_generated_requests_are_answered_as_described(site: Site, program: Program, tmp_path: Path) -> None:
    api = program()
    identifier, _ = added(api)
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION.format(identifier=identifier))
    command = [
        str(Path(sys.executable).with_name("schemathesis")), "--no-color", "run", f"{site.address}{BASE}/openapi.json",
        "--header", f"Authorization: {api.headers['Authorization']}", "--checks", ",".join(CHECKS),
        "--max-examples", str(EXAMPLES), "--seed", "1", "--phases", "coverage,fuzzing,stateful",
        *(part for one in ASKING for part in ("--exclude-operation-id", one)),
    ]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=tmp_path)
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
