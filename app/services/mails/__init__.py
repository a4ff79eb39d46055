"""Mail: a letter is written, kept as an encrypted row, and sent by a drain, at least once.

`letters` has the words, `post` puts a letter on its way inside the caller's transaction, `drain`
sends, `transport` is SMTP or the development mailbox.
"""
