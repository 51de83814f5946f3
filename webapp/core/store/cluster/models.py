"""The tables of what the cluster has and what it is offered. Private to the store."""

from __future__ import annotations

from peewee import BigIntegerField, CharField, Model, TextField


class ClusterCredentialRow(Model):
    """One resource of the cluster: names and states in the clear, values and sentences sealed.

    `facts` and `values` are keyed digests of what was written last, so that what is unchanged is not written again.
    """

    id = CharField(primary_key=True)
    namespace = TextField()
    name = TextField()
    provider = TextField()
    stored = TextField()
    ready = TextField()
    reason = TextField()
    verified = TextField()
    checked = TextField()
    outputs = TextField()
    sealed = TextField()
    report = TextField()
    facts_digest = TextField()
    values_digest = TextField()
    first_seen = TextField()
    changed = TextField()
    change = BigIntegerField()

    class Meta:
        """The table's name."""

        table_name = "cluster_credential"


class ClusterChangeRow(Model):
    """A number that grows with every change of a kind, so that others notice one by reading one row."""

    id = CharField(primary_key=True)
    number = BigIntegerField()

    class Meta:
        """The table's name."""

        table_name = "cluster_change"


class PublicationRow(Model):
    """A stored credential that is offered to the namespaces which a pattern fits."""

    id = CharField(primary_key=True)
    credential = CharField()
    pattern = TextField()
    created = TextField()
    created_by = TextField()

    class Meta:
        """The table's name."""

        table_name = "publication"


class ClusterSecretRow(Model):
    """A repository's secret that was generated for a resource, sealed."""

    id = CharField(primary_key=True)
    namespace = TextField()
    name = TextField()
    repository = TextField()
    option = TextField()
    sealed = TextField()
    created = TextField()

    class Meta:
        """The table's name."""

        table_name = "cluster_secret"
