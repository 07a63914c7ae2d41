"""What a browser needs to generate the images of a model by itself: files, and a description that names them.

The description is JSON: {name, slug, zDim, directions: [{group, name, rho, vector}], files: {script, wasm, model}}. A
file is {url, integrity}: its address from that of the description, and its hash (SRI). The scripts that read it are in
lotus_gan/ui/static.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from lotus_gan.sampling.directions import Direction

STATIC = Path(__file__).resolve().parents[1] / "ui" / "static"  # the scripts
RUNTIME = STATIC / "runtime"  # filled by lotus_gan/publishing/browser_runtime.py
SCRIPT, WASM = "ort.mjs", "ort.wasm.gzip"


def has_runtime(folder: Path | None = None) -> bool:
    """Whether the files that run a model in a browser are in a folder, or in RUNTIME."""
    return all(((folder or RUNTIME) / name).is_file() for name in (SCRIPT, WASM))


def described(
    name: str,
    slug: str,
    z_dim: int,
    directions: Mapping[str, Sequence[Direction]],
    files: Mapping[str, tuple[str, Path]],
) -> dict:
    """The description of a model. directions: as `directions.groups` gives them. files: {kind: (address, path)}."""
    return {
        "name": name,
        "slug": slug,
        "zDim": z_dim,
        "directions": [
            {**row, "vector": [float(f"{value:.7g}") for value in direction.vector.tolist()]}
            for direction, row in rows(directions)
        ],
        "files": {kind: {"url": url, "integrity": integrity(path)} for kind, (url, path) in files.items()},
    }


def rows(directions: Mapping[str, Sequence[Direction]]) -> list[tuple[Direction, dict]]:
    """Each direction with {group, name, rho}, in the order of the sliders."""
    return [
        (direction, {"group": group, "name": direction.name, "rho": direction.rho and float(direction.rho)})
        for group, found in directions.items()
        for direction in found
    ]


def integrity(path: Path) -> str:
    """The hash of a file as browsers compare it (subresource integrity)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode()}"
