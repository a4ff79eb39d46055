"""How people look where they have no picture: initials on a soft colour chosen by the name."""

import zlib

from nicegui import ui

HUES = 7


def initials(name: str) -> str:
    """Return one or two letters for a name; the last two digits for a bare number."""
    words = [word for word in name.split() if word[0].isalpha()]
    if not words:
        digits = [character for character in name if character.isdigit()]
        return "".join(digits[-2:]) or "?"
    picked = words[:1] if len(words) == 1 else [words[0], words[-1]]
    return "".join(word[0] for word in picked).upper()


def hue(name: str) -> int:
    """Return the number of the colour that goes with a name; always the same one."""
    return zlib.crc32(name.encode()) % HUES


def avatar(name: str, image: str | None = None, *, is_large: bool = False) -> ui.element:
    """Draw a person's or a workspace's picture, or the initials; decoration beside the name."""
    face: ui.element
    if image:
        face = ui.element("img")
        face.props["src"] = image
        face.props["alt"] = ""
    else:
        face = ui.label(initials(name)).classes(f"hue-{hue(name)}")
        face.props["aria-hidden"] = "true"
    return face.classes("avatar avatar-56") if is_large else face.classes("avatar avatar-32")
