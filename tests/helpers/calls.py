"""Calls of any function of a running page with any values, as a program makes them."""

import json
import math
import random
import secrets
from typing import Any

import httpx

KEYS = ["path", "index", "value", "seed", "slug", "truncation", "gallery", "amounts", "model", "meta", "__type__"]
HUGE = [10**400, -(10**400), 2**63, 1e308, -1, 0, 65, "", "x", "~", "3,7", "9" * 5000, "é\x00<b>", None, True, [], {}]
HUGE += [math.nan, math.inf]


def value(rng: random.Random, depth: int = 2) -> Any:
    """Anything that JSON can hold."""
    kind = rng.randrange(8 if depth else 6)
    if kind < 2:
        return rng.choice(HUGE)
    if kind < 6:
        return [rng.randint(-2, 70), rng.uniform(-2, 2), str(rng.randint(0, 99)), f"{rng.randint(0, 9)}, 7"][kind - 2]
    inside = [value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return inside if kind == 6 else {rng.choice(KEYS): item for item in inside}


def functions(url: str) -> list[dict]:
    """Every function of the page that the server answers, with its id, its name and the number of its inputs."""
    return httpx.get(f"{url}/config", timeout=30).json()["dependencies"]


def call(client: httpx.Client, function: int, data: list, event: Any = None, session: str | None = None) -> dict:
    """Call by the queue, wait, and return {"status", "error", "data"}; without a session as a visitor of its own."""
    session = session or secrets.token_hex(6)
    body = {"data": data, "fn_index": function, "session_hash": session, "event_data": event}
    headers = {"Content-Type": "application/json"}
    joined = client.post("/gradio_api/queue/join", content=json.dumps(body), headers=headers)
    if joined.status_code != 200:
        return {"status": joined.status_code, "error": joined.text, "data": None}
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
        for line in lines.iter_lines():
            message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
            if message.get("msg") == "process_completed":
                output = message["output"]
                return {"status": 200, "error": output.get("error", ""), "data": output.get("data")}
            if message.get("msg") == "unexpected_error":
                return {"status": 500, "error": message["message"], "data": None}
    raise AssertionError("the answer has no end")
