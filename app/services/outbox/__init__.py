"""Messages on their way out: claim (transaction) → transmit (no session) → record (transaction).

`drain` is the way in: a job and the command line. Within a conversation one message is on its way
at a time, in the order in which they were written. Meta has no idempotency key: where nobody saw
the outcome, the message becomes UNCERTAIN and is never sent again by itself; our message id travels
in `biz_opaque_callback_data`, so its status settles it, or a person does. System-only.
"""
