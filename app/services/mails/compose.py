"""From a letter to what is sent: the same words as plain text and in the product's look."""

from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.config import settings

FOLDER = Path(__file__).parents[2] / "templates" / "mail"

_pages = Environment(
    loader=FileSystemLoader(FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bodies:
    """One mail in its two forms."""

    text: str
    html: str


def compose(
    subject: str, paragraphs: list[str], button: tuple[str, str] | None, reason: str
) -> Bodies:
    """Render a letter."""
    config = settings()
    html = _pages.get_template("letter.html").render(
        app_name=config.app_name,
        home_url=config.public_url,
        operator_name=config.operator_name,
        subject=subject,
        paragraphs=paragraphs,
        button=button,
        reason=reason,
    )
    parts = [subject, *paragraphs]
    if button:
        parts.append(f"{button[0]}:\n{button[1]}")
    parts += [reason] if reason else []
    sender = (
        f"{config.app_name} · {config.operator_name}" if config.operator_name else config.app_name
    )
    parts.append(f"-- \n{sender}\n{config.public_url}")
    return Bodies(text="\n\n".join(parts) + "\n", html=html)
