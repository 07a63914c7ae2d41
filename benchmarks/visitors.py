"""Many visitors at once: errors, waiting times, whether the page shows the place in the queue, and memory.

    python -m benchmarks.visitors --visitors 30 --seconds 60

Starts the real page on this computer, lets every visitor click Generate (8 images) again and again as a browser does,
and prints the results. Linux only, as it reads the server's memory from /proc.
"""

import argparse
import asyncio
import json
import secrets
import statistics
import time
from pathlib import Path

import httpx

from benchmarks.server import running_page
from lotus_gan.training.device import describe_device, pick_device

COUNT = 8  # images a click


def main() -> None:
    """Start the page, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30, help="at once, 32 at most (default: 30)")
    parser.add_argument("--seconds", type=float, default=60, help="how long they click (default: 60)")
    options = parser.parse_args()
    with running_page() as (pid, url):
        asyncio.run(measure(pid, url, options))


async def measure(pid: int, url: str, options: argparse.Namespace) -> None:
    """Let the visitors click, and print the results."""
    clicks: list[dict] = []
    async with httpx.AsyncClient(base_url=url, timeout=None, limits=httpx.Limits(max_connections=None)) as client:
        click = await function(client, "fill")  # what Generate's button calls
        await visit(client, click, time.monotonic() + 3, clicks)  # warm
        alone = statistics.median(made["seconds"] for made in clicks)
        before = memory_mb(pid)
        clicks.clear()
        end = time.monotonic() + options.seconds
        await asyncio.gather(*(visit(client, click, end, clicks) for _ in range(options.visitors)))
        await asyncio.sleep(2)
    waits = sorted(made["seconds"] for made in clicks)
    queued = [made for made in clicks if made["seconds"] > 3 * alone]
    print(describe_device(pick_device("cpu")))
    print(f"{options.visitors} visitors for {options.seconds:g} s, {COUNT} images a click\n")
    print(f"clicks answered: {len(waits)}, errors: {sum(made['error'] for made in clicks)}")
    print(
        f"seconds to the images: alone {alone:.2f}, together {waits[len(waits) // 2]:.2f} in the median,"
        f" {waits[int(0.95 * len(waits))]:.2f} for one in twenty"
    )
    print(f"shown their place in the queue, if they waited: {sum(made['ranked'] for made in queued)} of {len(queued)}")
    print(f"memory of the server: {before:.0f} MB before, {memory_mb(pid):.0f} MB after")


async def function(client: httpx.AsyncClient, name: str) -> int:
    """The number by which the page calls a function of the server."""
    config = (await client.get("/config")).raise_for_status().json()
    return next(d["id"] for d in config["dependencies"] if d["api_name"] == name)


async def visit(client: httpx.AsyncClient, click: int, end: float, clicks: list[dict]) -> None:
    """One visitor, who clicks until the time is over."""
    session = secrets.token_hex(6)
    while time.monotonic() < end:
        clicks.append(await call(client, click, [COUNT, secrets.randbelow(2**32), 1, "lotus"], session))


async def call(client: httpx.AsyncClient, function: int, data: list, session: str) -> dict:
    """Call a function as a browser does, and wait: the seconds, whether the place in the queue was sent, any error."""
    started, ranked, error = time.monotonic(), False, False
    await client.post("/gradio_api/queue/join", json={"data": data, "fn_index": function, "session_hash": session})
    async with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as events:
        async for line in events.aiter_lines():
            message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            ranked = ranked or message.get("rank") is not None
            if message.get("msg") == "process_completed":
                error = not message["success"]
                break
    return {"seconds": time.monotonic() - started, "ranked": ranked, "error": error}


def memory_mb(pid: int) -> float:
    """The resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
