"""Formats of tools that run anywhere."""
