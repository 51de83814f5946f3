"""Formats of what runs inside a Kubernetes cluster."""
