"""Expected failures, as facts with a finished sentence.

Each edge translates them once: pages into words, the REST API into its error shape, jobs into a
retry or a record on the row. Subclasses live beside the service that raises them.
"""

from collections.abc import Sequence
from typing import ClassVar

from app.i18n import gettext, mark, ngettext

LONG_MINUTES = 90


class AppError(Exception):
    """An expected failure; `message` is a finished sentence for the person who caused it.

    A subclass states its code, its HTTP status and the sentence used when the raiser gives none.
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    sentence: ClassVar[str] = mark("Something went wrong.")

    def __init__(self, message: str | None = None) -> None:
        self.message = message or gettext(self.sentence)
        super().__init__(self.message)

    @property
    def explanation(self) -> str:
        """All there is to say, where no single field can be marked."""
        return self.message


class NotFound(AppError):
    """Missing, or of another workspace: the two must look the same."""

    code, status = "not_found", 404
    sentence = mark("This does not exist, or it was removed.")


class NotAuthenticated(AppError):
    """No live session or key."""

    code, status = "not_authenticated", 401
    sentence = mark("Please sign in.")


class PermissionDenied(AppError):
    """The person is known, the role does not allow it."""

    code, status = "permission_denied", 403
    sentence = mark("Your role does not allow this. Ask an owner or admin of the workspace.")


class Conflict(AppError):
    """The present state does not allow it."""

    code, status = "conflict", 409
    sentence = mark("Somebody changed this meanwhile. Please look again.")


class ValidationFailed(AppError):
    """The input is not acceptable; `fields` maps a field's name to what to do about it.

    Names are Python's (`phone_number`); the REST API writes them as it writes all members.
    """

    code, status = "validation_failed", 422
    sentence = mark("Please check the marked fields.")

    def __init__(self, fields: dict[str, str], message: str | None = None) -> None:
        self.fields = fields
        super().__init__(message)

    @property
    def explanation(self) -> str:
        return " ".join(self.fields.values())


class RateLimited(AppError):
    """Too many tries; `retry_after_s` says when the next one counts."""

    code, status = "rate_limited", 429
    sentence = mark("That was too often. Please wait a little and try again.")

    def __init__(self, retry_after_s: int) -> None:
        self.retry_after_s = max(1, retry_after_s)
        minutes = -(-self.retry_after_s // 60)
        hours = round(minutes / 60)
        if minutes > LONG_MINUTES:
            words = gettext("That was too often. Please try again in {hours} hours.")
        else:
            words = ngettext(
                "That was too often. Please try again in a minute.",
                "That was too often. Please try again in {minutes} minutes.",
                minutes,
            )
        super().__init__(words.format(minutes=minutes, hours=hours))


class PlanLimitReached(AppError):
    """The plan does not allow more of this."""

    code, status = "plan_limit_reached", 402
    sentence = mark("Your plan does not allow more of this.")


class MethodNotAllowed(AppError):
    """The address exists, and does not take this kind of request; `allowed` are those it takes."""

    code, status = "method_not_allowed", 405
    sentence = mark("This address does not take that kind of request.")

    def __init__(self, allowed: Sequence[str]) -> None:
        self.allowed = tuple(allowed)
        super().__init__()


class ProviderError(AppError):
    """WhatsApp or another provider refused or did not answer."""

    code, status = "provider_error", 502
    sentence = mark("The provider did not answer as expected. Please try again.")


class Unavailable(AppError):
    """A service that we need is away for the moment."""

    code, status = "unavailable", 503
    sentence = mark("This is not available at the moment. Please try again in a minute.")
