"""`python -m app COMMAND`."""

import signal
import sys

if __name__ == "__main__":  # the imports take a second; Ctrl-C within it says nothing
    signal.signal(signal.SIGINT, signal.SIG_DFL)

from app.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.exit(main())
