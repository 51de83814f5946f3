"""Asks a provider whether a credential works."""
