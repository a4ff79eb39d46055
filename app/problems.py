"""What keeps a process or a command from its work: failures that an operator can mend."""


class OperatorProblem(Exception):
    """Says what is wrong and how to mend it; a subclass states its code.

    The command line prints both as JSON; the processes print the message and end with status 1.
    """

    code: str = "internal"

    @property
    def explanation(self) -> str:
        """All there is to say, under the name that an `AppError` has for it."""
        return str(self)
