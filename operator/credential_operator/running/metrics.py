"""Metrics for Prometheus: what the operator does, and how the resources are."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from credential_operator.controller.controller import Controller
from credential_operator.controller.status import condition

PREFIX = "backup_credentials"
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


class Metrics:
    """Counts what happens."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._looks = Counter(
            f"{PREFIX}_reconciles", "Looks at a resource by result.", ["result"], registry=self.registry
        )
        self._looks.labels("error")  # a counter that begins with its first event hides that event from increase()
        self._took = Histogram(
            f"{PREFIX}_reconcile_seconds", "How long a look took.", buckets=SECONDS, registry=self.registry
        )
        self._waited = Histogram(
            f"{PREFIX}_queue_seconds",
            "How long a resource waited for its look.",
            buckets=SECONDS,
            registry=self.registry,
        )
        self._requests = Counter(
            f"{PREFIX}_api_requests",
            "Requests to the API server by verb, resource and code; code 0 had no answer.",
            ["verb", "resource", "code"],
            registry=self.registry,
        )
        self._answer = Histogram(
            f"{PREFIX}_api_request_seconds",
            "How long the API server took.",
            ["verb"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self._verified = Counter(
            f"{PREFIX}_verifications", "Verifications that ended, by state.", ["state"], registry=self.registry
        )

    def look(self, result: str, took: float, waited: float) -> None:
        """Count a look."""
        self._looks.labels(result).inc()
        self._took.observe(took)
        self._waited.observe(waited)

    def request(self, verb: str, resource: str, status: int, seconds: float) -> None:
        """Count a request."""
        self._requests.labels(verb, resource, str(status)).inc()
        self._answer.labels(verb).observe(seconds)

    def verification(self, state: str) -> None:
        """Count a verification."""
        self._verified.labels(state).inc()

    def text(self) -> bytes:
        """Return all of them as Prometheus reads them."""
        return generate_latest(self.registry)


GAUGES = {
    f"{PREFIX}_queue_length": "Resources that wait for a look.",
    f"{PREFIX}_queue_oldest_seconds": "How long the oldest of them has waited.",
    f"{PREFIX}_verifications_waiting": "Verifications that are due and wait.",
    f"{PREFIX}_verifications_running": "Verifications that run.",
    f"{PREFIX}_verifications_oldest_seconds": "How long the oldest is overdue.",
    f"{PREFIX}_ready": "1 for a resource whose Secrets are right, else 0; by namespace and name.",
    f"{PREFIX}_verified": "1 for a resource that its provider accepts, 0 for one that it does not; none while unknown.",
    f"{PREFIX}_resources": "Resources by state of verification.",
    f"{PREFIX}_token_ends_timestamp_seconds": "When the access token that was handed out ends; by namespace and name.",
    f"{PREFIX}_locked": "1 while the secret seed is missing.",
}
"""What is read when it is asked for."""


OF_ONE = ["namespace", "name"]
"""Labels of what is told of one resource."""


class States(Collector):
    """Reads the state of everything when it is asked for, beside the work: what changes meanwhile is copied first."""

    def __init__(self, controller: Controller) -> None:
        self._controller = controller

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauges."""
        worklist, verifications = self._controller.worklist, self._controller.verifications
        numbers = (
            worklist.length,
            worklist.oldest,
            verifications.waiting,
            verifications.running,
            verifications.oldest,
        )
        for (name, text), number in zip(GAUGES.items(), numbers, strict=False):
            yield GaugeMetricFamily(name, text, value=number)
        yield from self._resources()

    def _resources(self) -> Iterator[GaugeMetricFamily]:
        kinds = (OF_ONE, OF_ONE, ["verified"], OF_ONE)
        ready, verified, by_state, ends = (
            GaugeMetricFamily(name, text, labels=labels)
            for (name, text), labels in zip(list(GAUGES.items())[5:-1], kinds, strict=True)
        )
        states: Counts[str] = Counts()
        for held in tuple(self._controller.index.resources.values()):
            place, status = [held.place.namespace, held.place.name], held.status
            ready.add_metric(place, float(condition(status, "Ready").get("status") == "True"))
            said = condition(status, "Verified").get("status")
            if said in {"True", "False"}:
                verified.add_metric(place, float(said == "True"))
            if held.token_ends:
                ends.add_metric(place, held.token_ends)
            states[(status.get("lastVerification") or {}).get("state", "never")] += 1
        for state, count in sorted(states.items()):
            by_state.add_metric([state], count)
        yield from (ready, verified, by_state, ends, locked(now=False))


class Locked(Collector):
    """Says that the secret seed is missing, while nothing else can be told."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Give the gauge."""
        yield locked(now=True)


def locked(*, now: bool) -> GaugeMetricFamily:
    """Return the gauge that says whether the secret seed is missing."""
    name, text = list(GAUGES.items())[-1]
    return GaugeMetricFamily(name, text, value=float(now))
