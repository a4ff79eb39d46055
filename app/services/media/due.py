"""Which files the drain has something to do with, in SQL (table `f`), said once for all who ask."""

PENDING = "state = 'PENDING'"
# Also what somebody has begun to fetch and not finished, once its lease is over.
DUE = "f.state = 'PENDING' AND f.next_attempt_at <= now()"
# Somebody is at it, or was: that shows when the lease is over.
UNDER_WAY = "f.state = 'PENDING' AND f.error IS NULL AND f.attempt_count > 0"
