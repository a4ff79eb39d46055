"""Message templates: what they are, what Meta demands of them, how they are filled and kept."""
