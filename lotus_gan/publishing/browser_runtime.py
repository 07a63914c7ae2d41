"""ONNX Runtime for browsers, from npm into lotus_gan/ui/static/runtime: what the page generates with by itself.

    python -m lotus_gan.publishing.browser_runtime

Nothing of it is in the repository. Where the folder is empty, the server generates every image.
"""

import gzip
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from lotus_gan.errors import MissingDependency
from lotus_gan.files import atomic_write
from lotus_gan.sampling.browser import RUNTIME, SCRIPT, WASM, has_runtime

PACKAGE = "onnxruntime-web@1.30.0"
SHA256 = "d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71"  # of npm's archive


def fill(folder: Path = RUNTIME) -> None:
    """Fetch the pinned package with npm and write its two files, unless they are there.

    MissingDependency without npm, without a network, or if the archive is not the one that is pinned.
    """
    if has_runtime(folder):
        return
    npm = shutil.which("npm")
    if not npm:
        raise MissingDependency("no_npm", package=PACKAGE)
    with tempfile.TemporaryDirectory() as temporary:
        done = subprocess.run([npm, "pack", "--silent", PACKAGE], cwd=temporary, capture_output=True, text=True)
        archives = list(Path(temporary).glob("*.tgz"))
        if done.returncode or not archives:
            raise MissingDependency("npm_failed", package=PACKAGE, detail=done.stderr.strip() or "no archive came")
        if hashlib.sha256(archives[0].read_bytes()).hexdigest() != SHA256:
            raise MissingDependency("npm_differs", package=PACKAGE)
        with tarfile.open(archives[0]) as archive:
            script = _read(archive, "ort.wasm.bundle.min.mjs")
            wasm = _read(archive, "ort-wasm-simd-threaded.wasm")
    folder.mkdir(parents=True, exist_ok=True)
    with atomic_write(folder / SCRIPT) as part:
        part.write_bytes(script)
    with atomic_write(folder / WASM) as part:
        part.write_bytes(gzip.compress(wasm, mtime=0))  # a quarter of the size; the browser unpacks it


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    member = archive.extractfile(f"package/dist/{name}")
    assert member is not None  # it is a file of the archive that is pinned
    return member.read()


if __name__ == "__main__":
    fill()
