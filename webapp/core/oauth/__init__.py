"""OAuth: where tokens are renewed."""
