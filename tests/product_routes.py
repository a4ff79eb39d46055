"""Every route of the product, from the product itself as a process of its own builds it."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

from tests.subprocesses import environment

ROOT = Path(__file__).parents[1]

LIST_ROUTES = """
import json, main
from nicegui import core
from app import gate
from app.pages import root

def dependencies(dependant):
    return [d.call.__name__ for d in dependant.dependencies] if dependant else []

def flat(routes):
    for route in routes:
        inner = getattr(route, "original_router", None) or getattr(route, "router", None)
        if inner is not None and not getattr(route, "path", None):
            yield from flat(inner.routes)
        else:
            yield route

def describe(routes):
    return [
        {
            "path": getattr(route, "path", repr(route)),
            "app": type(getattr(route, "app", None)).__name__,
            "methods": sorted(getattr(route, "methods", None) or []),
            "needs": dependencies(getattr(route, "dependant", None)),
            "permission": getattr(getattr(route, "endpoint", None), "permission", None),
        }
        for route in flat(routes)
    ]

app = main.build()
print(json.dumps({
    "outer": describe(app.router.routes),
    "inner": describe(core.app.routes),
    "prefixes": root.PREFIXES,
    "pages": root.PATHS,
}))
"""


@cache
def routes(data_dir: Path, kind: str) -> dict[str, Any]:
    """Build the product in a process of its own and return its routes."""
    secret = {"SECRET_KEYS": "f1d6a0b9c27e4853" * 4} if kind == "production" else {}
    product = subprocess.run(
        [sys.executable, "-c", LIST_ROUTES],
        cwd=ROOT,
        env=environment(DATA_DIR=str(data_dir), ENVIRONMENT=kind, **secret),
        capture_output=True,
        text=True,
        check=False,
    )
    assert product.returncode == 0, product.stderr[-2000:]
    answer: dict[str, Any] = json.loads(product.stdout.splitlines()[-1])
    return answer
