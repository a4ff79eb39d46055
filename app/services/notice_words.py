"""What Meta says of an account, in words a person understands, and what to do about it."""

from app.i18n import gettext as _
from app.i18n import mark

SENTENCES = {
    "account_deleted": mark("Meta says that your WhatsApp Business account was deleted."),
    "account_violation": mark("Meta says that your WhatsApp account broke a rule: {text}."),
    "account_disconnected": mark("Your WhatsApp account is no longer connected to this app."),
    "account_disabled": mark("Meta has disabled your WhatsApp account, or is about to."),
    "account_restricted": mark("Meta restricts your WhatsApp account: {text}."),
    "account_review": mark("Meta has not approved your business: {text}."),
    "token": mark("Meta does not take the access token of your WhatsApp account any more: {text}"),
    "token_ends": mark("The access token of your WhatsApp account ends on {text}."),
    "security.PIN_CHANGED": mark("The two-step PIN of {text} was changed at Meta."),
    "security.PIN_RESET_REQUEST": mark("Somebody asked Meta to reset the two-step PIN of {text}."),
    "security.PIN_RESET_SUCCESS": mark("The two-step PIN of {text} was reset at Meta."),
}
RESTRICTIONS = {
    "RESTRICTED_ADD_PHONE_NUMBER_ACTION": mark("no new numbers"),
    "RESTRICTED_BIZ_INITIATED_MESSAGING": mark("no messages that you begin, such as templates"),
    "RESTRICTED_CUSTOMER_INITIATED_MESSAGING": mark("no answers to customers"),
}
REMEDIES = {
    "account_deleted": mark("Create an account at Meta, then connect its numbers here."),
    "account_violation": mark("Read the rule in the WhatsApp Manager and ask for a review there."),
    "account_disconnected": mark("Connect the number again with a new access token."),
    "account_disabled": mark("Ask for a review in the WhatsApp Manager, under Account quality."),
    "account_restricted": mark("It ends by itself; the WhatsApp Manager says when and why."),
    "token": mark("Make a new token at Meta and put it in on the page of the number."),
    "token_ends": mark("Make a new token at Meta and put it in on the page of the number."),
    "account_review": mark("Complete the business verification in Meta's business settings."),
}
ALERT = mark("Meta warns about your WhatsApp account: {text}")
NOT_APPROVED = mark("Meta has not approved your business.")
SILENT_ALERT = mark("Meta warns about your WhatsApp account.")
ALERT_REMEDY = mark("Open the WhatsApp Manager; it says what to do.")
PIN_REMEDY = mark("Was it not one of you? Change the PIN and the passwords of your Meta account.")


def sentence(kind: str, text: str) -> str:
    """Say what happened; `text` is Meta's own word for the part that differs."""
    if kind == "account_restricted" and text in RESTRICTIONS:
        text = _(RESTRICTIONS[text])
    said = text.replace("_", " ").lower() if text.isupper() else text
    said = said or kind.rpartition(".")[2]
    if kind == "account_review" and not text:
        return _(NOT_APPROVED)
    return _(SENTENCES.get(kind, ALERT if said else SILENT_ALERT)).format(text=said)


def remedy(kind: str) -> str:
    """Say what a person can do."""
    if kind.startswith("security."):
        return _(PIN_REMEDY)
    return _(REMEDIES.get(kind, ALERT_REMEDY))
