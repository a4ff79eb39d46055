"""Which rows of `messages` the outbox has something to do with, said once for all who ask.

Conditions on a row `m` in SQL. Only the drain role may ask for other workspaces' rows.
"""

# The next one of its conversation, and its pause, if it had one, is over.
DUE = """
    m.status = 'queued' AND m.next_attempt_at <= now() AND NOT EXISTS (
        SELECT FROM messages o WHERE o.conversation_id = m.conversation_id
        AND o.status IN ('queued', 'sending') AND o.id < m.id)
"""
# Its sender has died or hangs: nobody knows whether it was sent.
ABANDONED = """
    m.status = 'sending' AND (m.next_attempt_at <= now() OR runner_is_gone(m.runner))
"""
# Somebody is sending it; when nobody is, that is to be found out.
UNDER_WAY = "m.status = 'sending'"
