"""The one error of this package, and how a server's log becomes a sentence a person can act on."""

from pathlib import Path

from app.problems import OperatorProblem

LOG_LINES = 12
REMEDIES = {
    "No space left on device": "The disk is full. Free some space and start again.",
    "Check free disk space": "The disk is full. Free some space and start again.",
    "Cannot allocate memory": "There is not enough free memory. Close something and start again.",
    "Address already in use": "Its port was taken by another program. Start again.",
    "Permission denied": "A file or directory on the way may not be read by the user who starts "
    "it. Choose another DATA_DIR, or give that user access.",
    "Read-only file system": "The disk is read-only. Choose another DATA_DIR.",
}


class DevstackError(OperatorProblem):
    """Embedded services cannot be had; the message says what is wrong and how to mend it."""

    code = "services_unavailable"


def explain(problem: str, output: str, *, log_path: Path | None = None) -> DevstackError:
    """Build the error for something that failed, from what it said, in a log or by itself."""
    lines = "\n".join(output.strip().splitlines()[-LOG_LINES:])
    remedy = next((remedy for sign, remedy in REMEDIES.items() if sign in lines), "")
    source = f"The last lines of {log_path} are:\n{lines}" if log_path else f"({lines}.)"
    return DevstackError(" ".join(part for part in (problem, remedy, lines and source) if part))
