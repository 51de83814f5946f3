"""Use cases between the store and a cluster: the mirror, publications, manifests with sealed values.

Nothing here talks to a cluster. The operator does, and calls these.
"""
