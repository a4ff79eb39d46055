"""What a browser says about itself, in two words: enough to know one's own devices."""

from app.i18n import gettext as _

# In this order: most browsers also call themselves what they descend from.
BROWSERS = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def describe(user_agent: str | None) -> str:
    """Return browser and system, as far as they are known."""
    text = user_agent or ""
    browser = next((name for sign, name in BROWSERS if sign in text), None)
    system = next((name for sign, name in SYSTEMS if sign in text), None)
    if browser and system:
        return _("{browser} on {system}").format(browser=browser, system=system)
    return browser or system or _("Unknown device")
