"""Which mails the drain has something to do with, in SQL, said once for all who ask."""

PENDING = "state = 'PENDING'"
# Also what a sender has taken and not finished, once its two minutes are over.
DUE = "state = 'PENDING' AND next_attempt_at <= now()"
# Somebody is sending it; when nobody is, that shows after two minutes.
UNDER_WAY = "state = 'PENDING' AND attempt_count > 0 AND error IS NULL"
