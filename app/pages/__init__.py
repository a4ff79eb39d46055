"""One file a page: guard, load, compose. `public` serves what needs no session, as plain HTML."""
