"""Who asks Graph: each of them is shown to Meta's document in test_graph_requests."""

import ast

from app.services.whatsapp.outbound import OutgoingMessage
from tests.architecture.source import APP, calls, functions, name_of, python_files, tree_of

# Who calls Graph: whoever else begins to, has to be shown here, too.
CALLERS = {"transmit.transmit": "client.send", "media.upload": "client.upload"} | dict.fromkeys(
    (
        "management.add_number",
        "management.get_number",
        "management.inspect_token",
        "management.is_subscribed",
        "management.list_numbers",
        "management.register",
        "management.request_code",
        "management.subscribe",
        "management.verify_code",
        "media.find",
        "receipts.mark_read",
        "templates.bring_sample",
        "templates.create",
        "templates.delete",
        "templates.edit",
        "templates.list_all",
    ),
    "client.request",
)


def test_nobody_else_calls_graph():
    found = {
        f"{path.stem}.{function.name}": name_of(call.func)
        for path in python_files(APP)
        if "sandbox" not in path.parts
        for function in functions(tree_of(path))
        for call in calls(function)
        if isinstance(call.func, ast.Attribute) and name_of(call.func).startswith("client.")
        if call.func.attr in {"send", "request", "upload"}
    }

    assert found == CALLERS
    kinds = {kind.__name__ for kind in OutgoingMessage.__subclasses__()}
    assert kinds == {"OutgoingContent", "OutgoingTemplate", "OutgoingText"}
