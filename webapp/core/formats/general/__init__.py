"""Formats that many programs understand."""
