"""Message templates: the list, and the editor with its preview."""
