"""The business. Plural nouns used as namespaces: `sending.send_text(session, actor, …)`.

A service takes a session and an actor, never commits, and returns frozen views.
"""
