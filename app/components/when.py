"""Times in words, for lists where the exact minute does not matter."""

import datetime as dt

from app.clock import utc_now
from app.i18n import gettext as _
from app.i18n import ngettext

MINUTE, HOUR, DAY = 60, 3600, 86_400


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
