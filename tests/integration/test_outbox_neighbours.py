"""Trouble of one workspace, number or thread is its own: its neighbours' messages go out."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from app import db
from app.clock import utc_now
from app.ids import new_id
from app.models.enums import MessageStatus
from app.sandbox.behaviours import Scope
from app.services import sending
from app.services.outbox.drain import PARALLEL
from app.services.outbox.drain import drain as drain_outbox
from app.services.secrets import Bound, seal
from app.services.whatsapp import client
from app.services.whatsapp_accounts import ACCOUNTS
from tests import factories
from tests.factories import HOUR, Team
from tests.integration.outbox_line import Line, close_client, make_line
from tests.table_rows import execute, status_of
from tests.waiting import wait_until


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE whatsapp_accounts SET access_token = decode('00', 'hex') WHERE workspace_id = %s",
        "UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:port' WHERE workspace_id = %s",
        "UPDATE whatsapp_accounts SET graph_url = 'not a url' WHERE workspace_id = %s",
        "UPDATE phone_numbers SET account_id = NULL WHERE workspace_id = %s",
        "UPDATE messages SET text = NULL WHERE workspace_id = %s",
        "DELETE FROM contact_identities WHERE workspace_id = %s",
    ],
    ids=["lost key", "broken url", "no url", "no account", "no text", "no identity"],
)
def test_trouble_of_one_workspace_does_not_stop_another(line: Line, rival: Team, damage: str):
    thread = factories.make_conversation(rival.number)
    with db.transaction(rival.id) as session:
        theirs = sending.send_text(
            session, rival.agent, thread, text="theirs", client_ref=new_id()
        ).id
    execute("UPDATE whatsapp_accounts SET graph_url = 'http://127.0.0.1:1' WHERE workspace_id = %s",
            rival.id)  # fmt: skip
    execute(damage, rival.id)
    mine = line.write("mine")

    drain_outbox()

    assert status_of(mine) == "sent"
    assert status_of(theirs) in {"queued", "failed"}, "It was certainly not sent."


def test_access_token_that_fits_no_header_stops_nobody(line: Line, rival: Team):
    # None that we take now; one that was kept before could be so.
    bound = Bound(ACCOUNTS, rival.id, rival.number.account_id)
    execute(
        "UPDATE whatsapp_accounts SET graph_url = %s, access_token = %s WHERE id = %s",
        f"{line.graph.address}/graph",
        seal("tökén\n", bound, "access_token"),
        rival.number.account_id,
    )
    with db.transaction(rival.id) as session:
        thread = factories.make_conversation(rival.number)
        theirs = sending.send_text(session, rival.agent, thread, text="x", client_ref=new_id()).id
    mine = line.write("mine")

    drain_outbox()

    assert status_of(mine) == "sent"
    assert status_of(theirs) in {"queued", "failed"}


def test_more_numbers_without_an_account_than_fit_a_claim_stop_nobody(line: Line, rival: Team):
    thread = factories.make_conversation(rival.number)
    past = utc_now() - HOUR
    for _ in range(PARALLEL):
        other = factories.make_conversation(rival.number)
        factories.make_message(
            other, status=MessageStatus.QUEUED, has_wamid=False, next_attempt_at=past
        )
    execute("UPDATE phone_numbers SET account_id = NULL WHERE workspace_id = %s", rival.id)
    mine = line.write("mine")

    drain_outbox()

    assert status_of(mine) == "sent"
    assert thread


def test_slow_workspace_does_not_hold_up_the_record_of_another(line: Line, rival: Team):
    """Rival's Graph answers late; acme's message is recorded as sent long before."""
    slow = make_line(line.graph, rival)
    slow.write("slow")
    line.graph.store.behaviours.change(
        Scope(workspace=str(rival.id)), {"fail_with": "timeout", "count": 1}
    )
    mine = line.write("mine")
    began = time.monotonic()

    worker = threading.Thread(target=drain_outbox)
    worker.start()
    wait_until(lambda: status_of(mine) == "sent")
    took_s = time.monotonic() - began
    worker.join()

    assert took_s < 1


def test_threads_that_begin_at_once_share_one_pool_of_connections():
    close_client()
    barrier = threading.Barrier(8)

    def first_use(_: int) -> httpx.Client:
        barrier.wait()
        return client._http()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(first_use, range(8)))

    for one in found:
        one.close()
    client.forget_connections()
    assert len({id(one) for one in found}) == 1
