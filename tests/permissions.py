"""Who may call a service: every role of a team, and an outsider."""

from collections.abc import Callable, Collection

from sqlmodel import Session

from app import db
from app.actor import Actor, Role
from app.errors import AppError, NotFound, PermissionDenied
from tests.factories import Team


class _Undo(Exception):
    pass


def assert_only(
    allowed: Collection[Role],
    call: Callable[[Session, Actor], object],
    team: Team,
    *,
    outsider: Actor,
    outsider_gets: type[AppError] = NotFound,
) -> None:
    """Run a call as every role and as another workspace's owner, undoing each.

    A role that is not allowed gets PermissionDenied; the outsider NotFound, because what is
    foreign and what is missing must look the same.
    """
    for role, actor in team.members().items():
        error = error_of(call, actor)
        if role in allowed:
            assert error is None, f"{role.value} may, but got {error!r}."
        else:
            assert isinstance(error, PermissionDenied), f"{role.value} may not, but got {error!r}."
    error = error_of(call, outsider)
    assert isinstance(error, outsider_gets), f"An outsider got {error!r}."


def error_of(call: Callable[[Session, Actor], object], actor: Actor) -> AppError | None:
    try:
        with db.transaction(actor.workspace_id) as session:
            call(session, actor)
            session.flush()
            raise _Undo  # noqa: TRY301  # rolls the transaction back
    except _Undo:
        return None
    except AppError as error:
        return error
