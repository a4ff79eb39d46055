"""The business. Plural nouns used as namespaces: `messages.send_text(session, actor, …)`.

A service takes a session and an actor, never commits, and returns frozen views.
"""
