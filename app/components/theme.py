"""What every page of the shell carries in its head, and the defaults of NiceGUI's elements.

Colours, sizes and type stand in `static/app.css` only; Python names classes.
"""

from pathlib import Path

from nicegui import ui

STATIC = Path(__file__).parents[1] / "static"
# What the painted components share: `import … from "parley/….js"` in any of them.
MODULES = {"parley": str(STATIC / "modules")}


def register_styles() -> None:
    """Add the head of all pages and the buttons' defaults. Call once, before the first page."""
    boot = (STATIC / "theme-boot.js").read_text()
    ui.add_head_html(f"<script>{boot}</script>", shared=True)
    ui.add_head_html(
        '<link rel="preload" href="/static/fonts/inter-latin.woff2" as="font"'
        ' type="font/woff2" crossorigin>'
        '<link rel="stylesheet" href="/static/app.css">'
        '<link rel="icon" href="/static/favicon.svg" type="image/svg+xml">'
        '<link rel="apple-touch-icon" href="/static/icon-192.png">'
        '<script src="/static/app.js" defer></script>'
        '<meta name="robots" content="noindex">',
        shared=True,
    )
    ui.button.default_props("unelevated no-caps :ripple=false")
