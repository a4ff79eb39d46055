"""A real S3 server on this machine: SeaweedFS, which comes as a package of the development lock."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

KEY, SECRET, BUCKET = "test-key", "test-secret-of-the-bucket", "media"
PATIENCE_S = 60.0


def free_ports(count: int) -> list[int]:
    """Return ports that nobody has; SeaweedFS adds nothing to them when all are named."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextmanager
def s3_server(folder: Path) -> Iterator[str]:
    """Run a server with one bucket; gives its address."""
    ports = free_ports(8)
    names = ("s3.port", "s3.port.grpc", "master.port", "master.port.grpc",
             "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc")  # fmt: skip
    person = {
        "name": "test",
        "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [person]}))
    data = folder / "data"
    data.mkdir()
    command = [
        str(Path(sys.executable).with_name("weed")), "server",
        f"-dir={data}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-filer", "-s3",
        f"-s3.config={config}", "-s3.port.iceberg=0", "-s3.port.lance=0",
        "-master.volumeSizeLimitMB=64", "-volume.max=20",
        *(f"-{name}={port}" for name, port in zip(names, ports, strict=True)),
    ]  # fmt: skip
    log = folder / "weed.log"
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, cwd=folder)
        try:
            _wait_for(f"http://127.0.0.1:{ports[0]}/status", log, process)
            filer = f"http://127.0.0.1:{ports[6]}"
            _wait_for(f"{filer}/", log, process)
            httpx.put(f"{filer}/buckets/{BUCKET}/", trust_env=False).raise_for_status()
            yield f"http://127.0.0.1:{ports[0]}"
        finally:
            process.kill()  # nothing of it is needed again, and an orderly stop takes ten seconds
            process.wait()


def _wait_for(address: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            httpx.get(address, trust_env=False)
        except httpx.HTTPError:
            assert process.poll() is None, log.read_text()[-2000:]
            assert time.monotonic() < deadline, log.read_text()[-2000:]
            time.sleep(0.1)
        else:
            return
