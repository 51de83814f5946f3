"""Backup Credentials: the web app, its command line and the core both share."""

__version__ = "0.1.0"
