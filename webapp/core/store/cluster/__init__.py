"""The cluster in the store: its resources as the operator last saw them, what it is offered, what was made for it.

The operator writes the mirror, in batches; everyone else reads it. `webapp/core/cluster/` has the use cases.
"""

from __future__ import annotations

from webapp.core.store.cluster.generated import GeneratedSecret, GeneratedSecrets
from webapp.core.store.cluster.mirrored import ClusterCredentials
from webapp.core.store.cluster.publications import Offer, Publication, Publications
from webapp.core.store.cluster.records import ClusterCredential, Digests, Output

__all__ = [
    "ClusterCredential",
    "ClusterCredentials",
    "Digests",
    "GeneratedSecret",
    "GeneratedSecrets",
    "Offer",
    "Output",
    "Publication",
    "Publications",
]
