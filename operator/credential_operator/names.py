"""The words of the custom resource and of what the operator writes into the cluster."""

from __future__ import annotations

GROUP = "backupcredentials.dev"
VERSION = "v1alpha1"
PLURAL = "backupcredentials"
KIND = "BackupCredential"
API_VERSION = f"{GROUP}/{VERSION}"

ADOPT = f"{GROUP}/adopt"
"""Annotation on a Secret: names the resource that may take it over."""

OWNER = f"{GROUP}/owner"
"""Annotation on a Secret: the resource of the same namespace that it was made for."""

VERIFY = f"{GROUP}/verify"
"""Annotation on a resource: any new text asks for a verification now."""

CHANGED = f"{GROUP}/credential-changed"
"""Annotation on a pod template: changes when an output changed, so that the pods are made anew."""

MANAGED_BY = "app.kubernetes.io/managed-by"
"""Label on every output."""

PRODUCT = "backup-credentials"
"""Value of that label, field manager, name of the lease and of the events' source."""
