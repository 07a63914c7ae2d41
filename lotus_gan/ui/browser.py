"""What the page serves so that a visitor's browser can generate images itself: scripts, ONNX Runtime, models.

Each address is derived from the content, so a browser keeps what it has for good, and the model that a visitor has
loaded is served only to who has its hash: nobody but him is told it.
"""

import hashlib
import json
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from lotus_gan.sampling.browser import RUNTIME, SCRIPT, STATIC, WASM, described, has_runtime
from lotus_gan.ui.loaded_model import LoadedModel

PREFIX = "browser"
KINDS = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".json": "application/json",
    ".gzip": "application/gzip",
    ".onnx": "application/octet-stream",
}
HEADERS = {"Cache-Control": "public, max-age=31536000, immutable"}

_served: dict[str, Path | bytes] = {}  # by the address below PREFIX


def scripts() -> str:
    """The address of the page's scripts, a folder: `{it}/generator.js`."""
    paths = sorted(STATIC.glob("*.js"))
    folder = _digest(b"".join(path.read_bytes() for path in paths))
    _served.update({f"{folder}/{path.name}": path for path in paths})
    return f"{PREFIX}/{folder}"


def description(model: LoadedModel) -> str | None:
    """The address of what a browser needs to generate with this model (`described`), None where it cannot: ONNX Runtime
    is not here, or no model.onnx of these weights lies beside them. Waits for the Hub."""
    onnx = model.onnx if has_runtime() else None
    if onnx is None:
        return None
    paths = {"script": RUNTIME / SCRIPT, "wasm": RUNTIME / WASM, "model": onnx}
    files = {kind: (_serve(path.read_bytes(), path), path) for kind, path in paths.items()}
    text = json.dumps(described(model.name, model.slug, model.generator.z_dim, model.directions, files))
    return f"{PREFIX}/{_serve(text.encode(), Path('model.json'))}"


def _serve(content: bytes, path: Path) -> str:
    """The address, from that of the description, of a file that is here or (model.json) of what would be in it."""
    name = f"{_digest(content)}{path.suffix}"
    _served[name] = path if path.is_absolute() else content
    return name


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:32]


def answer(request: Request) -> Response:
    """One file."""
    name = request.path_params["name"]
    found = _served.get(name)
    kind = KINDS.get(Path(name).suffix)
    if isinstance(found, bytes):
        return Response(found, media_type=kind, headers=HEADERS)
    if found is None or not found.is_file():
        return Response("there is no such file", 404)
    return FileResponse(found, media_type=kind, headers=HEADERS)


ROUTE = Route(f"/{PREFIX}/{{name:path}}", answer)
