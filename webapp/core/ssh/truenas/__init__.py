"""Pairing with a TrueNAS by its web interface: it gets our public key, we get its host keys.

`pairing.pair` is the way in. The wire formats are those of the JSON-RPC 2.0 interface at `/api/current` and of the
older `/websocket`; only public calls are used.
"""
