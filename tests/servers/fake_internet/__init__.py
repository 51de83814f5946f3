"""The providers that cannot be had on loopback: a proxy that answers for their hosts, as `python -m` of `program`."""
