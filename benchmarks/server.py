"""The real page in a process of its own, for the benchmarks that click on it."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def running_page() -> Iterator[tuple[int, str]]:
    """(process id, address) of `python app.py` on a free port, once it answers."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"GRADIO_SERVER_PORT": str(port)}
    command = [sys.executable, str(ROOT / "app.py")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(timeout=5) as client:
                while not _answers(client, url):
                    if server.poll() is not None:
                        raise SystemExit("the page ended before it answered")
                    time.sleep(0.05)
            yield server.pid, url
        finally:
            server.terminate()


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).is_success
    except httpx.TransportError:
        return False
