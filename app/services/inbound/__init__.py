"""From a stored webhook to rows and bells: parse (items), understand (content), apply (apply_*).

`drain` is the only caller. Everything works on whole batches over a plain psycopg connection with
the drain role, which sees all workspaces; an item finds its workspace by the number it names.
"""
