"""The fields of numbers and accounts that Graph knows, and what they hold here.

As Graph does it, a known field without a value is missing from the answer, and a field that is not
known is error 100. The names are those of Meta's OpenAPI document and of pywa 4.5.
"""

from typing import Any

from app.config import Settings
from app.sandbox.callbacks import to_address
from app.sandbox.errors import GraphError
from app.sandbox.identifiers import readable_phone
from app.sandbox.store import SandboxNumber

NUMBER_DEFAULTS = (
    "verified_name",
    "code_verification_status",
    "display_phone_number",
    "quality_rating",
    "platform_type",
    "throughput",
    "status",
    "name_status",
)
ACCOUNT_DEFAULTS = ("name", "currency")
EMPTY_NUMBER_FIELDS = (
    "certificate",
    "conversational_automation",
    "eligibility_for_api_business_global_search",
    "is_pin_enabled",
    "is_preverified_number",
    "last_onboarded_time",
    "new_certificate",
    "new_name_status",
    "quality_score",
    "search_visibility",
)
EMPTY_ACCOUNT_FIELDS = (
    "business_verification_status",
    "disable_marketing_messages_on_cloud_api",
    "is_enabled_for_insights",
    "marketing_messages_lite_api_status",
    "marketing_messages_onboarding_status",
    "on_behalf_of_business_info",
    "owner_business_info",
    "primary_business_location",
)
HEALTHY = {"can_send_message": "AVAILABLE", "entities": []}


def pick_number(number: SandboxNumber, fields: str, settings: Settings) -> dict[str, Any]:
    """Return the number with the fields asked for (comma-separated) and the id."""
    return _pick(_number(number, settings), fields, NUMBER_DEFAULTS)


def pick_account(number: SandboxNumber, fields: str, settings: Settings) -> dict[str, Any]:
    """Return the account of a number, as `pick_number` does."""
    return _pick(_account(number, settings), fields, ACCOUNT_DEFAULTS)


def subscription(number: SandboxNumber, settings: Settings) -> dict[str, Any]:
    """Return the app that gets the account's webhooks, and the address of its own if it has one."""
    app = {
        "id": number.app_id,
        "name": "Sandbox app",
        "link": f"https://www.facebook.com/games/?app_id={number.app_id}",
    }
    found: dict[str, Any] = {"whatsapp_business_api_data": app}
    if number.callback:
        found["override_callback_uri"] = to_address(number.callback, settings)
    return found


def _number(number: SandboxNumber, settings: Settings) -> dict[str, Any]:
    callback_url = number.callback and to_address(number.callback, settings)
    return dict.fromkeys(EMPTY_NUMBER_FIELDS) | {
        "id": number.meta_phone_number_id,
        "display_phone_number": readable_phone(number.phone),
        "verified_name": number.display_name,
        "code_verification_status": "VERIFIED" if number.is_verified else "NOT_VERIFIED",
        "quality_rating": number.quality if number.is_registered else "UNKNOWN",
        "platform_type": "CLOUD_API" if number.is_registered else "NOT_APPLICABLE",
        "throughput": {"level": "STANDARD" if number.is_registered else "NOT_APPLICABLE"},
        "status": "CONNECTED" if number.is_registered else "PENDING",
        "name_status": "APPROVED",
        "account_mode": "SANDBOX",
        "is_official_business_account": False,
        "is_on_biz_app": False,
        "country_code": "US",
        "country_dial_code": "1",
        "whatsapp_business_manager_messaging_limit": "TIER_2K",
        "webhook_configuration": {"whatsapp_business_account": callback_url},
        "health_status": HEALTHY,
    }


def _account(number: SandboxNumber, settings: Settings) -> dict[str, Any]:
    apps = [subscription(number, settings)] if number.is_subscribed else []
    return dict.fromkeys(EMPTY_ACCOUNT_FIELDS) | {
        "id": number.waba_id,
        "name": number.display_name,
        "currency": "USD",
        "country": "US",
        "timezone_id": "1",
        "status": "ACTIVE",
        "account_review_status": "APPROVED",
        "ownership_type": "SELF",
        "message_template_namespace": f"sandbox_{number.waba_id}",
        "subscribed_apps": {"data": apps},
        "health_status": HEALTHY,
    }


def _pick(values: dict[str, Any], fields: str, defaults: tuple[str, ...]) -> dict[str, Any]:
    wanted = [name.strip() for name in fields.split(",") if name.strip()] or list(defaults)
    for name in wanted:
        if name not in values:
            raise GraphError(100, f"(#100) Tried accessing nonexisting field ({name})")
    return {name: values[name] for name in (*wanted, "id") if values[name] is not None}
