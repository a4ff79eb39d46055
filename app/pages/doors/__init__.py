"""The doors: plain HTML forms for people who are nobody yet. No socket, no script needed.

`door` has what all share; each other file is one door with its GET and its POST.
"""
