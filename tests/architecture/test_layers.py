"""What import-linter cannot say: the entry files, NiceGUI's own app, libraries with one home."""

import pytest

from tests.architecture.source import APP, ROOT, imports, modules, place, report, tree_of

ENTRIES = {
    "main.py": {
        "log",
        "server",
        "serving",
        "embedded_workers",
        "process",
        "config",
        "devstack",
        "sandbox",
        "services.schema",
    },
    "worker.py": {"log", "workers", "process", "devstack", "services.schema"},
}
HOMES = {
    "stripe": ("app.services.stripe",),
    "authlib": ("app.services.oauth",),
    "smtplib": ("app.services.mail",),
    "boto3": ("app.services.storage",),
    "nicegui.app": ("app.components.shell",),
    "pickle": (),
    "marshal": (),
    "shelve": (),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_entry_file_is_a_table_of_contents(name: str) -> None:
    path = ROOT / name
    allowed = tuple(f"app.{module}" for module in ENTRIES[name])

    foreign = [
        f"{place(path, line)} {imported}"
        for imported, line in imports(tree_of(path))
        if imported.startswith("app.") and not imported.startswith(allowed)
    ]

    assert not foreign, report("Entry files only put things together.", foreign)
    assert len(path.read_text().splitlines()) < 60, f"{name} has 60 lines or more."


@pytest.mark.parametrize("library", HOMES)
def test_library_is_imported_only_at_its_home(library: str) -> None:
    strangers = [
        f"{place(path, line)} {imported}"
        for module, path in modules().items()
        for imported, line in imports(tree_of(path))
        if f"{imported}.".startswith(f"{library}.") and not module.startswith(HOMES[library])
    ]

    homes = ", ".join(HOMES[library]) or "no module"
    assert not strangers, report(f"{library} belongs to {homes} (decision 0014).", strangers)


def test_environment_is_read_by_the_settings_only() -> None:
    allowed = {APP / "config.py", APP / "oauth_settings.py", *(APP / "devstack").glob("*.py")}

    readers = [
        str(path.relative_to(ROOT))
        for path in modules().values()
        if path not in allowed
        and ("os.environ" in path.read_text() or "getenv" in path.read_text())
    ]

    assert not readers, report("Only the settings read the environment.", readers)
