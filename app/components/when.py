"""Times in words, for lists where the exact minute does not matter."""

import datetime as dt
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from nicegui import Client

from app.clock import utc_now
from app.i18n import gettext as _
from app.i18n import ngettext
from app.services.sessions import SessionView

MINUTE, HOUR, DAY = 60, 3600, 86_400


def time_zones() -> list[str]:
    """Return the names of places, without the historic and technical ones."""
    return sorted(
        zone
        for zone in available_timezones()
        if zone == "UTC" or ("/" in zone and not zone.startswith(("Etc/", "SystemV/", "posix")))
    )


async def zone_of(session: SessionView, client: Client) -> ZoneInfo:
    """Return the zone that a person chose, else that of their device, else the workspace's."""
    name = session.time_zone
    if not name:
        try:
            await client.connected()
            name = await client.run_javascript("Intl.DateTimeFormat().resolvedOptions().timeZone")
        except TimeoutError:
            name = session.workspace_time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, TypeError, ValueError):  # the browser's word
        return ZoneInfo(session.workspace_time_zone)


def ago(moment: dt.datetime) -> str:
    """Return how long ago it was, in the largest unit that fits."""
    seconds = int((utc_now() - moment).total_seconds())
    if seconds < 2 * MINUTE:
        return _("just now")
    if seconds < HOUR:
        count = seconds // MINUTE
        return ngettext("{n} minute ago", "{n} minutes ago", count).format(n=count)
    if seconds < DAY:
        count = seconds // HOUR
        return ngettext("{n} hour ago", "{n} hours ago", count).format(n=count)
    count = seconds // DAY
    return ngettext("{n} day ago", "{n} days ago", count).format(n=count)
