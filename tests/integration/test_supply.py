"""What is installed: the lock files agree with the requirements and with this environment, and licences are listed."""

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from helpers.files import pins
from helpers.fresh_environment import closure, read
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = {
    "requirements.lock": ["requirements.txt"],
    "requirements-dev.lock": ["requirements.txt", "requirements-dev.txt"],
}


def locked(name):
    """{package: Requirement} of a lock file, as far as it is wanted on this computer."""
    lines = re.findall(r"^(\w.*?) \\$", (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    wanted = map(Requirement, lines)
    return {package.name: package for package in wanted if not package.marker or package.marker.evaluate()}


def version(package):
    return str(package.specifier).removeprefix("==")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_is_locked_with_its_hashes_and_no_address(lock):
    text = (ROOT / lock).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\w)", text)[1:]
    for entry in entries:
        first, *hashes = entry.rstrip().split(" \\\n    ")
        assert re.fullmatch(r"[a-z\d-]+==[\w.]+( ; .+)?", first), first
        assert hashes and all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes), first
    assert "://" not in text and len(entries) > 90


@pytest.mark.parametrize(("lock", "files"), LOCKS.items())
def test_the_lock_has_what_the_requirements_ask_for_and_what_these_bring(lock, files):
    packages = locked(lock)
    for file in files:
        for name, pinned in pins(file).items():
            assert version(packages[canonicalize_name(name)]) == pinned, name
        for name in closure([Requirement(line) for line in read(ROOT / file)]):
            assert canonicalize_name(name) in packages, name


def test_both_locks_have_the_same_versions_and_these_are_installed():
    page, tests = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: version(package) for name, package in page.items()} == {name: version(tests[name]) for name in page}
    for name, package in tests.items():
        installed = metadata.version(name).partition("+")[0]  # PyTorch's says which build it is
        assert installed == version(package), f"{name}: pip install -r requirements-dev.lock"


@pytest.mark.skipif(sys.platform != "linux", reason="the list is of Linux")
def test_licences_are_listed_as_the_command_writes_them():
    page = ROOT / "docs/licences.md"
    before = page.read_text(encoding="utf-8")
    code = "import sys; sys.path.insert(0, '.ci'); import licences; print(licences.text(), end='')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == before
    assert {name for name in locked("requirements-dev.lock") if f"\n| {name} | " not in before} == set()
