"""One transaction per edge (decision 0002): who opens one is listed here, with the reason."""

import pytest

from tests.architecture.source import APP, calls, modules, name_of, place, report, tree_of

OPENERS = {
    # UI calls
    "app.components.call",
    "app.components.live",
    # HTTP
    "app.web",
    "app.gate.bindings",
    "app.api.exports",
    "app.api.health",
    "app.api.media",
    "app.api.pictures",
    "app.api.rest.callers",
    "app.api.rest.media",
    "app.api.rest.operation",
    "app.api.webhooks",
    # jobs and the command line
    "app.jobs",
    "app.cli",
    "app.devstack.demo",
    # Calls a provider between two transactions, so it cannot be inside one.
    "app.services.sandbox_numbers",
    "app.services.registration",
    "app.services.number_health",
    "app.services.own_accounts",
    "app.services.templates.review",
    "app.services.signals",
    # Compares or hashes a password between two transactions.
    "app.services.password_changes",
    "app.services.sign_ins",
    # Looks at a file and keeps it, and only then writes its row.
    "app.services.media.uploads",
    # The owner's connection, before anybody else is there.
    "app.services.schema.migrations",
}
# Drains and counts over all workspaces: batches in SQL, on a connection of their own.
CONNECTORS = {
    "app.services.key_rotation",
    "app.services.inbound.drain",
    "app.services.mails.drain",
    "app.services.media.drain",
    "app.services.media.unused",
    "app.services.outbox.drain",
    "app.services.stats",
    "app.services.tidy",
}
COMMITTERS = {"app.db", "app.services.schema.migrations"}


@pytest.mark.parametrize(
    ("opener", "allowed"),
    [
        ("db.transaction", OPENERS),
        ("transaction", {"app.db"}),
        ("db.connect", CONNECTORS),
        ("db.engine", {"app.services.schema.migrations", "app.services.schema.checks"}),
        ("session.commit", COMMITTERS),
        ("connection.commit", COMMITTERS),
        ("session.rollback", set()),
        ("session.begin", set()),
        ("session.begin_nested", set()),
    ],
)
def test_transactions_are_opened_and_ended_at_the_edges_only(
    opener: str, allowed: set[str]
) -> None:
    found = [
        place(path, call.lineno)
        for module, path in modules().items()
        if module not in allowed and APP / "sandbox" not in path.parents
        for call in calls(tree_of(path))
        if name_of(call.func) == opener
    ]

    assert not found, report(
        f"{opener}() is called at an edge only; services take a session and never end it"
        " (decision 0002).",
        found,
    )
