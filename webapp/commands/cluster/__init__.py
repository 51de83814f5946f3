"""Commands for Kubernetes: the operator, its definition, publications, sealed values."""
