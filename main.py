"""The web process, from settings to serving. With no settings it brings everything up itself."""

import signal

if __name__ == "__main__":  # the imports take a second; Ctrl-C within it says nothing
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from fastapi import FastAPI
from nicegui.helpers import is_user_simulation

from app import log, server, serving
from app.config import settings
from app.devstack import demo
from app.devstack.entry import services
from app.embedded_workers import workers
from app.process import orderly
from app.sandbox import create_sandbox
from app.services import schema


def build() -> FastAPI:
    """Put the application together for these settings."""
    config = settings()
    sandbox = create_sandbox(config, viewer=server.viewer) if config.has_sandbox else None
    return server.build(config, sandbox)


def main() -> None:
    """Start what is missing, migrate, serve, and stop everything in order."""
    log.setup()
    is_embedded = settings().is_embedded
    sockets = serving.bind(settings())
    with services() as config:
        schema.prepare()
        demo.create_once(config)
        app = build()
        with workers(config.embedded_workers if is_embedded else 0):
            serving.serve(app, config, sockets, on_ready=lambda: demo.announce(config))


if is_user_simulation():
    build()
elif __name__ == "__main__":
    with orderly():
        main()
