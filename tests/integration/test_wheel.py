"""The package as a wheel: everything is in it, and it trains."""

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path
from zipfile import ZipFile

import pytest
from helpers.train import QUICK, ROOT

import lotus_gan
import lotus_gan.publishing.push as push_module
from lotus_gan import Generator
from lotus_gan.errors import MissingDependency
from lotus_gan.publishing.push import write_wheel

VERSION = lotus_gan.__version__


@pytest.mark.slow
def test_a_wheel_trains(image_folder, tmp_path):
    """In an environment that sees this one's packages but not this checkout. The page's files are in it, too."""
    write_wheel(tmp_path)
    [wheel] = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"lotus_gan-{lotus_gan.__version__}-")
    files = {path.relative_to(ROOT).as_posix() for path in (ROOT / "lotus_gan").rglob("*") if path.is_file()}
    assert {name for name in files if name.endswith((".py", ".js", ".css"))} <= set(ZipFile(wheel).namelist())
    programs = tmp_path / "env" / ("Scripts" if os.name == "nt" else "bin")
    venv.create(tmp_path / "env")
    where = [str(programs / "python"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    site = Path(subprocess.run(where, capture_output=True, text=True, check=True).stdout.strip())
    (site / "present.pth").write_text(sysconfig.get_path("purelib"))
    install = ["-m", "pip", "--python", str(programs / "python"), "install", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([sys.executable, *install], check=True, capture_output=True)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def installed(*arguments):
        command = [str(programs / "lotus-gan"), "train", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)

    done = installed("--data", image_folder, *QUICK, "--steps", 1)
    assert done.returncode == 0, done.stderr
    Generator.from_pretrained(tmp_path / "runs" / image_folder.name)
    assert f"lotus-gan train --data {image_folder}" in (tmp_path / "runs" / image_folder.name / "README.md").read_text()
    alone = installed("--device", "cpu")
    assert alone.returncode == 2
    said = "there is no data/lotus-68 here (it is in a clone of the repository): give --data DIR"
    assert alone.stderr == f"lotus-gan train: error: {said}\n"


def test_the_wheel_is_this_package_and_the_same_each_time(tmp_path):
    wheels = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        push_module.write_wheel(tmp_path / name)
        wheels += (tmp_path / name).iterdir()
    assert [wheel.name for wheel in wheels] == [f"lotus_gan-{VERSION}-py3-none-any.whl"] * 2
    assert wheels[0].read_bytes() == wheels[1].read_bytes()
    with zipfile.ZipFile(wheels[0]) as wheel:
        paths = [p for p in (ROOT / "lotus_gan").rglob("*") if p.is_file()]
        paths = [p for p in paths if not {"__pycache__", "runtime"} & {*p.parts}]  # what git ignores
        sources = {p.relative_to(ROOT).as_posix() for p in paths}  # scripts and styles of the page, too
        assert {name for name in wheel.namelist() if name.startswith("lotus_gan/")} == sources
        (metadata,) = (name for name in wheel.namelist() if name.endswith("METADATA"))
        required = [line for line in wheel.read(metadata).decode().splitlines() if line.startswith("Requires-Dist")]
    assert not [line for line in required if "gradio" in line and "extra" not in line]


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
@pytest.mark.parametrize(("script", "said"), [("kill -9 $$", "exit code -9"), ("echo no disk >&2; exit 1", "no disk")])
def test_a_build_that_fails_is_said_and_the_rest_is_pushed(tmp_path, monkeypatch, script, said):
    """Also where the system kills the builder, which then says nothing."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))
    with pytest.raises(MissingDependency, match=said):
        write_wheel(tmp_path)
    assert list(tmp_path.glob("*.whl")) == []
