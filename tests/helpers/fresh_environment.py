"""A virtual environment that holds what a requirements file asks for, what that needs in turn, and nothing else.

Its packages are linked from the environment that runs the tests: PyTorch's gigabytes need no second download. A package
that is imported and not asked for is missing here as it would be in a Space.
"""

import os
import subprocess
import venv
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement


def environment_for(requirements: Path, folder: Path) -> Path:
    """Make the environment in `folder`; its Python. AssertionError where what is installed is not what is asked for."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=True)
    site = Path(done.stdout.strip())
    for name in closure([Requirement(line) for line in read(requirements)]):
        package = metadata.distribution(name)
        for top in {file.parts[0] for file in package.files if file.parts[0] not in ("..", "__pycache__")}:
            if not (site / top).exists():
                (site / top).symlink_to(package.locate_file(top))
    return python


def read(requirements: Path) -> list[str]:
    lines = requirements.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def closure(wanted: list[Requirement]) -> set[str]:
    """The names of all packages that these requirements bring, by what the installed ones say that they need."""
    found, visited = set(), set()
    while wanted:
        requirement = wanted.pop()
        key = (requirement.name.lower(), frozenset(requirement.extras))
        if key in visited:
            continue
        visited.add(key)
        package = metadata.distribution(requirement.name)
        assert package.version in requirement.specifier, f"{requirement} is wanted, {package.version} is installed"
        found.add(requirement.name.lower())
        for line in package.requires or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in key[1] | {""}):
                wanted.append(needed)
    return found
