"""The development mailbox as pages; not there in production, nor for anybody but this machine."""

import asyncio
import re

from starlette.requests import Request
from starlette.responses import Response

from app.config import is_loopback, settings
from app.errors import NotFound
from app.ids import parse_id
from app.pages.doors.door import new_router, not_found_page
from app.services.mails import mailbox
from app.templating import render

router = new_router()
LINK = re.compile(r"(https?://\S+)")


@router.get("/dev/mail")
async def show_all(request: Request) -> Response:
    """List what would have been sent."""
    if not is_open(request):
        return not_found_page()
    return render("dev_mail.html", mails=await asyncio.to_thread(mailbox.list_mails))


@router.get("/dev/mail/{mail}")
async def show_one(request: Request, mail: str) -> Response:
    """Show one mail as text, its links as links."""
    mail_id = parse_id(mail)
    if not is_open(request) or mail_id is None:
        return not_found_page()
    try:
        found = await asyncio.to_thread(mailbox.get_mail, mail_id)
    except NotFound:
        return not_found_page()
    return render("dev_mail_one.html", mail=found, parts=LINK.split(found.text))


def is_open(request: Request) -> bool:
    """Tell whether there is a mailbox for whoever asks: mails hold one-time links of everybody."""
    config = settings()
    is_kept = not config.is_production and not config.smtp_url
    is_here = request.client is not None and is_loopback(request.client.host)
    return is_kept and is_loopback(config.public_host) and is_here
