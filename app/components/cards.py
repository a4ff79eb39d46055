"""What a message shows beside its text: places, people, forms, orders, where somebody came from.

All of it is what strangers wrote: any member may be missing, of another type, or endless.
"""

import json
import math
from collections.abc import Iterable, Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import urlsplit

from app.i18n import gettext as _
from app.i18n import ngettext
from app.models.enums import MessageDirection, MessageType
from app.services.messages import MessageView

MOST_CARDS, MOST_LINES, MOST_CHARACTERS = 10, 30, 500
TIMES = "\N{MULTIPLICATION SIGN}"
HIDDEN = {"flow_token"}  # of a form: ours, and nothing to read

Card = dict[str, Any]


def cards(view: MessageView) -> list[Card]:
    """Return the cards of a message: icon, title, a line below it, labelled lines, a link."""
    content = view.content
    found: Iterable[Card] = ()
    if view.type is MessageType.LOCATION:
        found = _place(content)
    elif view.type is MessageType.CONTACTS:
        found = (_person(one) for one in _list(content.get("contacts")))
    elif view.type is MessageType.ORDER:
        found = _order(content)
    elif view.type is MessageType.CALL:
        found = _call(content, is_ours=view.direction is MessageDirection.OUTBOUND)
    elif view.type is MessageType.INTERACTIVE and view.direction is MessageDirection.OUTBOUND:
        found = _choices(content)
    elif view.type is MessageType.INTERACTIVE:
        found = _answer(content)
    context = view.context or {}
    above = [*_advertisement(_dict(context.get("referral")))]
    above += _product(_dict(context.get("referred_product")))
    return [*above, *found][:MOST_CARDS]


def _card(
    icon: str,
    title: str,
    *,
    sub: str = "",
    lines: Iterable[tuple[str, str]] = (),
    link: tuple[str, str] | None = None,
    is_below: bool = False,
) -> Card:
    kept = [{"label": label, "text": text} for label, text in lines if text]
    return {
        "icon": icon,
        "title": title,
        "sub": sub,
        "lines": kept[:MOST_LINES],
        "link": {"href": link[0], "label": link[1]} if link else None,
        "below": is_below,  # the text, which stands below all others
    }


def _place(content: dict[str, Any]) -> Iterator[Card]:
    where = _coordinates(content)
    point = f"{where[0]:.6f}, {where[1]:.6f}" if where else ""
    title = _text(content.get("name")) or _text(content.get("address")) or _("Location")
    address = _text(content.get("address"))
    link = (f"https://www.google.com/maps/search/?api=1&query={where[0]:.6f},{where[1]:.6f}"
            if where else "")  # fmt: skip
    yield _card(
        "map-pin",
        title,
        sub=address if address != title else "",
        lines=[("", point)],
        link=(link, _("Open the map")) if link else None,
    )


def _coordinates(content: dict[str, Any]) -> tuple[float, float] | None:
    try:
        latitude, longitude = float(content["latitude"]), float(content["longitude"])
    except (KeyError, TypeError, ValueError):
        return None
    is_on_earth = math.isfinite(latitude + longitude)
    return (latitude, longitude) if is_on_earth else None


def _person(contact: dict[str, Any]) -> Card:
    name, org = _dict(contact.get("name")), _dict(contact.get("org"))
    parts = [_text(name.get(part)) for part in ("prefix", "first_name", "middle_name", "last_name")]
    title = _text(name.get("formatted_name")) or " ".join(part for part in parts if part)
    lines = [
        (_kind(one, _("Phone")), _text(one.get("phone")) or _text(one.get("wa_id")))
        for one in _list(contact.get("phones"))
    ]
    lines += [
        (_kind(one, _("E-mail")), _text(one.get("email"))) for one in _list(contact.get("emails"))
    ]
    lines += [(_kind(one, _("Web")), _text(one.get("url"))) for one in _list(contact.get("urls"))]
    lines += [(_kind(one, _("Address")), _address(one)) for one in _list(contact.get("addresses"))]
    lines.append((_("Birthday"), _text(contact.get("birthday"))))
    at = [_text(org.get(part)) for part in ("title", "department", "company")]
    sub = ", ".join(part for part in at if part)
    return _card("contact", title or _("Contact card"), sub=sub, lines=lines)


def _kind(entry: dict[str, Any], name: str) -> str:
    kind = _text(entry.get("type"))
    return f"{name} ({kind.lower()})" if kind else name


def _address(entry: dict[str, Any]) -> str:
    parts = [_text(entry.get(part)) for part in ("street", "zip", "city", "state", "country")]
    return ", ".join(part for part in parts if part)


def _order(content: dict[str, Any]) -> Iterator[Card]:
    items = _list(content.get("product_items"))
    lines, sums = [], dict[str, Decimal]()
    for item in items:
        count, price = _number(item.get("quantity")), _number(item.get("item_price"))
        currency = _text(item.get("currency"))
        name = _text(item.get("product_retailer_id")) or _("Product")
        lines.append((f"{_plain(count)} {TIMES} {name}", f"{_plain(price)} {currency}".strip()))
        sums[currency] = sums.get(currency, Decimal()) + count * price
    lines += [
        (_("Total"), f"{_plain(total)} {currency}".strip()) for currency, total in sums.items()
    ]
    counted = ngettext("{n} product", "{n} products", len(items)).format(n=len(items))
    yield _card("shopping-bag", _("Order"), sub=counted, lines=lines)


def _call(content: dict[str, Any], *, is_ours: bool) -> Iterator[Card]:
    seconds = int(_number(content.get("duration")))
    if str(content.get("status", "")).upper() == "COMPLETED" and seconds > 0:
        lasted = _("Lasted {minutes}:{seconds}").format(
            minutes=seconds // 60, seconds=f"{seconds % 60:02d}"
        )
        yield _card("phone", _("You called") if is_ours else _("Call"), sub=lasted)
    else:
        title = _("You called, nobody answered") if is_ours else _("Missed call")
        yield _card("phone", title)


def _answer(content: dict[str, Any]) -> Iterator[Card]:
    """Show what was filled in; a choice of a button or a row is the message's own text."""
    form = _dict(content.get("nfm_reply"))
    permission = _dict(content.get("call_permission_reply"))
    if form:
        try:
            filled = json.loads(str(form.get("response_json") or "{}"))
        except ValueError:
            filled = form.get("response_json")
        name = _text(form.get("name"))
        sub = _readable(name) if name not in {"", "flow"} else ""
        yield _card("square-check", _("Filled in a form"), sub=sub, lines=_fields(filled))
    if permission:
        is_given = permission.get("response") == "accept"
        yield _card("phone", _("You may call") if is_given else _("Wants no calls"))


def _fields(filled: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Yield what a form holds, level by level, as labelled lines."""
    if isinstance(filled, dict):
        for key, value in filled.items():
            if key not in HIDDEN:
                yield from _fields(value, str(key))
    elif isinstance(filled, list) and all(not isinstance(one, dict | list) for one in filled):
        yield _readable(name), ", ".join(_text(one) for one in filled)
    elif isinstance(filled, list):
        for one in filled:
            yield from _fields(one, name)
    else:
        yield _readable(name), _text(filled)


def _choices(content: dict[str, Any]) -> Iterator[Card]:
    """Show the rows of a list that we sent."""
    for section in _list(_dict(content.get("action")).get("sections")):
        rows = _list(section.get("rows"))
        named = [(_text(row.get("title")), _text(row.get("description"))) for row in rows]
        lines = [(title, what) if what else ("", title) for title, what in named]
        title = _text(section.get("title")) or _("List")
        yield _card("list", title, lines=lines, is_below=True)


def _advertisement(referral: dict[str, Any]) -> Iterator[Card]:
    if referral:
        is_post = referral.get("source_type") == "post"
        address = _text(referral.get("source_url"))
        yield _card(
            "megaphone",
            _text(referral.get("headline")) or (_("A post") if is_post else _("An advertisement")),
            sub=_("Came from a post") if is_post else _("Came from an advertisement"),
            lines=[("", _text(referral.get("body")))],
            link=(address, _("Open it")) if _is_web(address) else None,
        )


def _product(product: dict[str, Any]) -> Iterator[Card]:
    if product:
        name = _text(product.get("product_retailer_id"))
        yield _card("shopping-bag", name or _("Product"), sub=_("Asks about a product"))


def _is_web(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc)


def _readable(name: str) -> str:
    """Return a form's own name of a field as words: `screen_0_orderNumber_1` is "Order number"."""
    words = [part for part in name.replace("-", "_").split("_") if part and not part.isdigit()]
    if len(words) > 1 and words[0].lower() == "screen":
        words = words[1:]
    spaced = "".join(f" {one.lower()}" if one.isupper() else one for one in " ".join(words))
    return spaced.strip().capitalize()[:60]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, str | int | float):
        return str(value).strip()[:MOST_CHARACTERS]
    return ""


def _number(value: object) -> Decimal:
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return Decimal()
    return found if found.is_finite() and abs(found) < 10**12 else Decimal()


def _plain(value: Decimal) -> str:
    rounded = round(value, 2)
    return f"{rounded:f}" if rounded % 1 else f"{rounded:.0f}"


def _list(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
