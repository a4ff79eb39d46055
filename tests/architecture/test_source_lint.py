"""Foreign text is text: what would let it become markup or script is refused (decision 0018)."""

import ast
import re

import pytest

from tests.architecture import foreign_text as rules
from tests.architecture.foreign_text import Rule
from tests.architecture.source import (
    APP,
    ROOT,
    SCREENS,
    place,
    python_files,
    report,
    tree_of,
)

ADVICE = "Foreign text goes to ui.label, an input's value or a component's props (decision 0018)."
PAGES = python_files(*SCREENS, APP / "gate", APP / "server.py", APP / "web.py")
# One file may do what all others may not, because it is the place for it.
PLACES = {
    rules.head_outside_theme: APP / "components" / "theme.py",
    rules.bare_notify: APP / "components" / "feedback.py",
}
# What each rule must find, line by line, and what it must leave alone.
BAD: dict[Rule, list[str]] = {
    rules.raw_elements: [
        "ui.html(text)", "ui.markdown(text)", "ui.restructured_text(text)", "ui.editor(value=text)",
        "ui.mermaid(text)", "ui.interactive_image(text)", "ui.add_css(text)",
        "ui.add_body_html(text)", "ui.chat_message(text)", "ui.echart(options)",
        "ui.aggrid(options)", "ui.aggrid.from_pandas(frame)", "ui.plotly(figure)",
    ],
    rules.remote_media: [
        "ui.image(path)", "ui.video('https://x.example/v.mp4')", "ui.audio(path)",
        "ui.download(path)", "ui.download.file(path)", "app.add_static_file(local_file=path)",
        "nicegui_app.add_media_files('/m', path)",
    ],
    rules.other_imports: [
        "from nicegui.elements.html import Html", "from nicegui import html", "import nicegui",
        "from nicegui import ui as screen",
    ],
    rules.head_outside_theme: ["ui.add_head_html(text)", "ui.add_head_html('<script></script>')"],
    rules.computed_scripts: [
        "row.props(f'label=\"{name}\"')", "row.props('label=' + name)", "row.props(add=name)",
        "row.style(f'color: {colour}')", "ui.run_javascript(f'alert({name})')",
        "client.run_javascript(code)", "table.add_slot('body', template)",
        "table.add_slot('body', f'<b>{name}</b>')", "ui.button.default_props(name)",
    ],
    rules.computed_prop_names: [
        "row.props[name] = 1", "row.props[':label'] = code", "row._props[name] = 1",
        "row.props.update(given)", "self._props.update(given)", "row.props |= given",
        "row.props.setdefault(name, 1)",
    ],
    rules.foreign_classes: [
        "row.classes(name)", "row.classes(f'x {name}')", "row.classes(add=name)",
        "row.classes(replace=f'{name}')",
    ],
    rules.markup_arguments: [
        "show(text, html=True)", "table(rows, html_columns=[0])", "say(text, text_html=True)",
        "show(text, sanitize=False)",
    ],
    rules.bare_notify: ["ui.notify(text)", "ui.notify('a', html=True)"],
    rules.foreign_addresses: [
        "ui.navigate.to(target)", "ui.navigate.to('javascript:alert(1)')",
        "ui.navigate.to(f'{target}/x')", "ui.link('x', target)", "ui.link('x', target=target)",
        "link.props['href'] = view.url", "link.props['href'] = f'//{host}'",
        "link.props['href'] = '/\\\\evil.example'", "face.props['src'] = message.link",
        "frame.props['srcdoc'] = text", "client.open(target)",
    ],
}  # fmt: skip
GOOD = [
    "ui.label(text)", "ui.input(value=text)", "row.props('dense outlined')",
    "row.props['aria-label'] = text", "row._props['strings'] = words", "row.props.pop('a', None)",
    "row.classes('row')", "row.classes(add='row')", "row.classes(f'btn-{look}')",
    "ui.run_javascript('location.reload()')",
    "ui.navigate.to('/messages')", "ui.navigate.to(f'/messages/{id_}')",
    "link.props['href'] = f'{SPRITE}#{name}'", "link.props['href'] = entry.path",
    "from nicegui import ui", "from nicegui.events import ClickEventArguments",
    "from nicegui.elements.mixins.value_element import ValueElement",
]  # fmt: skip

SCRIPT_TRICKS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|setHTML|createContextualFragment|DOMParser|srcdoc"
    r"|document\.write|\beval\(|\bFunction\(|v-html|setTimeout\(\s*[\"'`]|javascript:"
)
TEMPLATE_TRICKS = re.compile(
    r"\|\s*safe\b|autoescape\s+false|v-html|\son[a-z]+\s*=|javascript:|<iframe|srcdoc"
)
PYTHON_TRICKS = re.compile(r"\bMarkup\(|v-html|autoescape=False|select_autoescape\(\[\]\)")
TRICKS = [
    ("**/*.js", SCRIPT_TRICKS, [
        "a.innerHTML = b", "a.outerHTML = b", "a.insertAdjacentHTML('x', b)", "a.setHTMLUnsafe(b)",
        "range.createContextualFragment(b)", "new DOMParser()", "a.srcdoc = b",
        "document.write(b)", "eval(b)", "new Function(b)", "template: `<p v-html='b'>`",
        "setTimeout('b()', 1)", "a.href = 'javascript:b'",
    ]),
    ("**/*.html", TEMPLATE_TRICKS, [
        "{{ a | safe }}", "{{ a|safe }}", "{% autoescape false %}", "<p v-html='a'>",
        "<p onclick='a'>", "<a href='javascript:a'>", "<iframe src='a'>",
    ]),
    ("**/*.py", PYTHON_TRICKS, [
        "Markup(a)", "Environment(autoescape=False)", "select_autoescape([])", "'<p v-html=a>'",
    ]),
]  # fmt: skip


def every_rule() -> list[Rule]:
    return list(BAD)


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.__name__)
def test_no_page_breaks_the_rule(rule: Rule) -> None:
    found = [
        f"{place(path, line)} {what}"
        for path in PAGES
        if path != PLACES.get(rule)
        for line, what in rule(tree_of(path))
    ]

    assert not found, report(f"{rule.__doc__} {ADVICE}", found)


@pytest.mark.parametrize("rule", every_rule(), ids=lambda rule: rule.__name__)
def test_the_rule_bites(rule: Rule) -> None:
    missed = [sample for sample in BAD[rule] if not list(rule(ast.parse(sample)))]
    too_much = [sample for sample in GOOD if list(rule(ast.parse(sample)))]

    assert missed == []
    assert too_much == []


@pytest.mark.parametrize(("pattern", "tricks", "samples"), TRICKS)
def test_scripts_and_templates_insert_text_only(
    pattern: str, tricks: re.Pattern[str], samples: list[str]
) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number} {match[0].strip()}"
        for path in APP.glob(pattern)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (match := tricks.search(line))
    ]

    assert not found, report(ADVICE, found)
    assert [sample for sample in samples if not tricks.search(sample)] == []
