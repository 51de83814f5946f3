"""A Flask app that does nothing, on the same server, to hold the real pages against.

Run as `python -m benchmarks.bare PORT`, with the tests folder on the path.
"""

from __future__ import annotations

import sys

from cheroot.wsgi import Server
from flask import Flask


def create_bare() -> Flask:
    app = Flask(__name__)

    @app.get("/")
    def page() -> str:
        return "<!doctype html><title>Bare</title><h1>Bare</h1>"

    return app


def main() -> None:
    server = Server(("127.0.0.1", int(sys.argv[1])), create_bare())
    server.safe_start()


if __name__ == "__main__":
    main()
