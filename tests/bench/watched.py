"""The product's own web process, which also writes how long its event loop was blocked."""

import asyncio
import time

from nicegui import app as nicegui_app
from nicegui import background_tasks

from app.config import settings

TICK_S = 0.002
REPORT = "longest_block"


async def _watch() -> None:
    """Note by how much a short sleep was late, the longest since the file was last removed."""
    path = settings().data_dir / REPORT
    longest = 0.0
    while True:
        before = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late = time.perf_counter() - before - TICK_S
        if late > longest or not path.exists():
            longest = late
            path.write_text(f"{longest:.6f}")  # twenty bytes, and rarely


if __name__ == "__main__":
    import main

    nicegui_app.on_startup(lambda: background_tasks.create(_watch(), name="watch"))
    main.main()
