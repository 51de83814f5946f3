from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def fresh(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_the_standard_operator_stays() -> None:
    assert fresh("import operator; print(operator.__file__)").endswith("operator.py")
    assert not (ROOT / "operator/__init__.py").exists()
    assert not (ROOT / "tests/operator").exists()


def test_the_core_loads_no_face() -> None:
    program = (
        "import pkgutil, importlib, sys, webapp.core\n"
        "for m in pkgutil.walk_packages(webapp.core.__path__, 'webapp.core.'): importlib.import_module(m.name)\n"
        "print(sorted({'flask', 'kopf', 'kubernetes', 'click', 'cheroot'} & set(sys.modules)))"
    )
    assert fresh(program) == "[]"


def test_no_address_of_a_registry() -> None:
    assert "resolved" not in (ROOT / "package-lock.json").read_text()
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    assert "uv.lock" not in listed
    hosts = re.compile("|".join(map(re.escape, ("pypi" + ".org", "registry" + ".npmjs", "proxy.golang" + ".org"))))
    text = [path for path in listed if path.endswith((".py", ".toml", ".json", ".md", ".txt"))]
    assert [path for path in text if hosts.search((ROOT / path).read_text(errors="replace"))] == []
