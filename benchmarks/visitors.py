"""A visitor as the server sees him: what a browser with the page open sends, for the benchmarks with many of them."""

import asyncio
import json
import secrets
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

API = "/gradio_api"


@dataclass
class Answer:
    """What became of a call: seconds, whether the place in the queue was told, what was said if it failed, outputs."""

    seconds: float = 0
    ranked: bool = False
    error: str = ""
    data: list = field(default_factory=list)


class Page:
    """The page at an address: its functions by name."""

    def __init__(self, client: httpx.AsyncClient, config: dict):
        self.client = client
        elements = {part["id"]: part["props"].get("elem_id") for part in config["components"]}
        self.functions = [
            (made["api_name"], [elements[i] for i in made["inputs"]], made["id"]) for made in config["dependencies"]
        ]
        props = {part["props"].get("elem_id"): part["props"] for part in config["components"]}
        self.model, self.sliders = props["model"]["value"], props["sliders"]["value"]

    def function(self, name: str, *inputs: str) -> int:
        """The number of a function that takes these elements. (Gradio adds a number to a name that is taken.)"""
        found = [
            number for called, takes, number in self.functions if called.startswith(name) and {*inputs} <= {*takes}
        ]
        return found[0]

    async def call(self, function: int, data: list, session: str, event: Any = None) -> Answer:
        """Call a function as a browser does, and wait."""
        started, answer = time.monotonic(), Answer()
        body = {"data": data, "fn_index": function, "session_hash": session, "event_data": event}
        joined = await self.client.post(f"{API}/queue/join", json=body)
        if joined.is_error:
            return Answer(time.monotonic() - started, error=joined.text)
        async with self.client.stream("GET", f"{API}/queue/data", params={"session_hash": session}) as events:
            async for line in events.aiter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                answer.ranked = answer.ranked or message.get("rank") is not None
                if message.get("msg") in ("process_completed", "unexpected_error"):
                    output = message.get("output") or {}
                    if not message.get("success"):
                        answer.error = str(output.get("error") or message.get("message") or "no reason was given")
                    answer.data = output.get("data") or []
                    break
        answer.seconds = time.monotonic() - started
        return answer

    async def upload(self, path: Path) -> dict:
        """Upload a file, and return what a component takes for it."""
        files = {"files": (path.name, path.read_bytes())}
        [there] = (await self.client.post(f"{API}/upload", files=files)).raise_for_status().json()
        return {"path": there, "meta": {"_type": "gradio.FileData"}}


@asynccontextmanager
async def open_page(url: str, address: str | None = None):
    """The page at a URL, with as many connections as are wanted; `address`: who calls, such as 127.0.0.2."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    transport = httpx.AsyncHTTPTransport(local_address=address, limits=limits)
    async with httpx.AsyncClient(base_url=url, timeout=None, transport=transport) as client:
        yield Page(client, (await client.get("/config")).raise_for_status().json())


def new_session() -> str:
    """What a browser calls itself by, until the page is loaded again."""
    return secrets.token_hex(6)


def memory_mb(pid: int) -> float:
    """The resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def settled_memory_mb(pid: int, seconds: float = 3) -> float:
    """The least of a few readings while nobody calls."""
    readings = []
    for _ in range(6):
        await asyncio.sleep(seconds / 6)
        readings.append(memory_mb(pid))
    return min(readings)
