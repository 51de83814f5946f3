"""Prometheus that scrapes one pod as the chart's ServiceMonitor says, with the chart's alerts."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Generator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import yaml
from cluster.operators import eventually
from deploy.charts import CHART, MONITORING, objects, template
from deploy.kubelet import RunningPod
from deploy.releases import METRICS
from servers.runs import Run, answers, free_port, need

SCRAPED = """
global: {{scrape_interval: 500ms, evaluation_interval: 500ms}}
rule_files: [{rules}]
scrape_configs:
  - {{job_name: operator, honor_labels: true, static_configs: [{{targets: ["{target}"]}}]}}
"""


def rules() -> dict[str, Any]:
    """Return the alerts as the chart renders them."""
    rendered = objects(template("--set", "metrics.prometheusRule.enabled=true", "--api-versions", MONITORING))
    return next(one["spec"] for one in rendered if one["kind"] == "PrometheusRule")


def expressions() -> list[str]:
    """Return what the Grafana dashboard asks."""
    panels = json.loads((CHART / "files/dashboard.json").read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


@contextlib.contextmanager
def scraping(run: Run, pod: RunningPod, place: Path) -> Generator[httpx.Client]:
    """Let Prometheus scrape a pod for a while; gives its API."""
    place.mkdir()
    (place / "rules.yaml").write_text(yaml.safe_dump(rules()))
    target = pod.address(METRICS).removeprefix("http://")
    (place / "prometheus.yaml").write_text(SCRAPED.format(rules=place / "rules.yaml", target=target))
    port = free_port()
    flags = [f"--config.file={place}/prometheus.yaml", f"--storage.tsdb.path={place}/data"]
    argv = [need("prometheus"), *flags, f"--web.listen-address=127.0.0.1:{port}"]
    process = run.start(argv, ready=partial(answers, f"http://127.0.0.1:{port}/-/ready"), log=place / "log")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client:
        yield client
    run.stop(process)


def answers_all(client: httpx.Client) -> None:
    """Every expression of dashboard and alerts finds series, and every alert's rule is evaluated without a fault."""
    alerts = [rule for group in rules()["groups"] for rule in group["rules"]]
    for expression in [*expressions(), *named(alerts)]:
        eventually(partial(found, client, expression), 30, partial(str, expression))
    groups = client.get("/rules").raise_for_status().json()["data"]["groups"]
    health = {rule["name"]: rule["health"] for group in groups for rule in group["rules"]}
    assert health == {rule["alert"]: "ok" for rule in alerts}


def named(alerts: list[dict[str, Any]]) -> list[str]:
    """Return the series that alerts look at, without the bounds; a token's end is known of few providers only."""
    texts = [rule["expr"].partition(" - ")[0].partition(" > ")[0].partition(" == ")[0] for rule in alerts]
    inner = [text.removeprefix("absent(").removesuffix(")") if text.startswith("absent(") else text for text in texts]
    return [text for text in inner if "token_ends" not in text]


def found(client: httpx.Client, expression: str) -> list[Any]:
    """Return the series of an expression."""
    answer = client.get("/query", params={"query": expression}).raise_for_status().json()
    return answer["data"]["result"]
