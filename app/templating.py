"""Server-rendered HTML: the public pages and the doors, in the reader's language, under a CSP."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse

from app import content_policy
from app.config import settings
from app.i18n import gettext, language, ngettext

_environment = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    extensions=["jinja2.ext.i18n"],
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.install_gettext_callables(  # type: ignore[attr-defined]  # added by the extension
    gettext, ngettext, newstyle=True
)


def render(template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """Return a page; every value is escaped where it is shown."""
    nonce = content_policy.new_nonce()
    config = settings()
    html = _environment.get_template(template).render(
        {
            "app_name": config.app_name,
            "lang": language.get(),
            "nonce": nonce,
            "insecure_banner": config.insecure_http and not config.is_https,
            "errors": {},
            "values": {},
            "status": status,
            **values,
        }
    )
    return HTMLResponse(
        html, status_code=status, headers={content_policy.HEADER: content_policy.policy(nonce)}
    )


def error_page(status: int, title: str, text: str) -> HTMLResponse:
    """Return one sentence about what happened and one way on."""
    return render("error.html", status=status, title=title, text=text)
