"""Commands for the store itself: backups, the seed, the audit."""
