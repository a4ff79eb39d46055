"""The worker: one child for what comes in, one for what goes out, one for the clock.

Each lane has its own RQ worker, so that a slow provider never delays an inbound message. A child
that dies is started again; the work is in tables, so nothing is lost with it.
"""

import signal

if __name__ == "__main__":  # the imports take a second; Ctrl-C within it says nothing
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from app import log
from app.devstack.entry import services
from app.process import orderly
from app.services import schema
from app.workers import Supervisor


def main() -> None:
    """Run until SIGTERM or Ctrl-C; the job that runs is finished first."""
    log.setup()
    with services():
        schema.prepare()
        Supervisor().run()


if __name__ == "__main__":
    with orderly():
        main()
