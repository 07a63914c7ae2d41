"""What a run survives and what it refuses: real signals, a second run, folders in folders, rates too high."""

import contextlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers.train import QUICK, ROOT, train, wait_for
from PIL import Image

from lotus_gan import Generator
from lotus_gan.cli.main import main


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT to send to one process")
def test_ctrl_c_saves_and_says_how_to_go_on(image_folder, tmp_path):
    command = [
        sys.executable,
        str(ROOT / "train.py"),
        "--data",
        str(image_folder),
        "--output",
        str(tmp_path / "out"),
        *QUICK,
    ]
    process = subprocess.Popen(
        [*command, "--steps", "1000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    wait_for((tmp_path / "out/previews/step_0000002.webp").is_file)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
    assert "the same command resumes" in output
    stopped = int(output.split("stopped at step ")[1].split()[0])
    again = subprocess.run([*command, "--steps", str(stopped + 1)], capture_output=True, text=True, timeout=300)
    assert f"resumed at step {stopped}\n" in again.stdout


def test_max_minutes_stops_cleanly(image_folder, tmp_path):
    done = train("--data", image_folder, "--output", tmp_path / "out", *QUICK, "--steps", 10**6, "--max-minutes", 0.1)
    assert done.returncode == 0, done.stderr
    assert "of 1000000; the same command resumes" in done.stdout
    assert done.stderr.count("step/s") <= 3  # no terminal: not a line a second
    Generator.from_pretrained(tmp_path / "out")


def test_divergence_is_told_and_exits_with_1(image_folder, tmp_path):
    done = train(
        "--data",
        image_folder,
        "--output",
        tmp_path / "out",
        *QUICK,
        "--steps",
        9,
        "--lr-critic",
        "1e30",
        "--log-every",
        1,
    )
    assert done.returncode == 1
    assert "no longer finite" in done.stderr and "Lower --lr-critic" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_run_in_the_same_folder_is_refused(image_folder, tmp_path):
    """Whoever wrote last would win. A killed run holds nothing, and leaves nothing half written."""
    command = [sys.executable, str(ROOT / "train.py"), "--data", str(image_folder), "--output", str(tmp_path / "out")]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    first = subprocess.Popen([*command, *QUICK, "--steps", "1000000"], **quiet)
    try:
        wait_for((tmp_path / "out/previews/step_0000002.webp").is_file)
        second = train(*command[2:], *QUICK, "--steps", 3)
    finally:
        first.kill()
        first.wait()
    assert second.returncode == 2 and f"another run is writing to {tmp_path / 'out'}" in second.stderr
    (tmp_path / "out/checkpoint/.latest.0123abcd.part.safetensors").write_bytes(b"half")
    (tmp_path / "out/.model.part123").mkdir()
    third = train(*command[2:], *QUICK, "--steps", 1)
    assert third.returncode == 0, third.stderr
    assert [path for path in (tmp_path / "out").rglob(".*") if ".part" in path.name] == []


@pytest.mark.parametrize("flag", ["--output", "--val", "--heldout"])
def test_a_folder_inside_the_data_is_refused(image_folder, tmp_path, flag):
    """A run's previews would be read as images, and validation images be trained on."""
    (image_folder / "inside").mkdir()
    folders = {"--output": tmp_path / "out", "--val": image_folder} | {flag: image_folder / "inside"}
    done = train("--data", image_folder, *(word for pair in folders.items() for word in pair), "--device", "cpu")
    assert done.returncode == 2 and f"{flag} {image_folder / 'inside'} lies in --data" in done.stderr
    assert list((image_folder / "inside").iterdir()) == []


def test_home_is_known_after_an_equals_sign(image_folder, tmp_path):
    home = os.environ | {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    done = train(f"--data=~/{image_folder.name}", "--output=~/out", "--preview-data", env=home)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/data.webp").is_file()


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
@pytest.mark.parametrize("nohup", [False, True])
def test_a_closed_terminal_saves_and_nohup_goes_on(image_folder, tmp_path, nohup):
    command = [sys.executable, str(ROOT / "train.py"), "--data", str(image_folder), "--output", str(tmp_path / "out")]
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN if nohup else signal.SIG_DFL)
    try:
        process = subprocess.Popen(
            [*command, *QUICK, "--steps", "1000000"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for((tmp_path / "out/previews/step_0000002.webp").is_file)
    process.send_signal(signal.SIGHUP)
    if nohup:
        time.sleep(2)
        assert process.poll() is None
        process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "the same command resumes" in output


@pytest.mark.skipif(os.name == "nt", reason="a closed pipe is another error there")
def test_a_reader_that_goes_away_stops_nothing(image_folder, tmp_path):
    """As with `python train.py | head -n 1`."""
    command = [sys.executable, str(ROOT / "train.py"), "--data", str(image_folder), "--output", str(tmp_path / "out")]
    process = subprocess.Popen(
        [*command, *QUICK, "--steps", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout.readline()
    process.stdout.close()
    errors = process.stderr.read()
    assert process.wait(timeout=120) == 0, errors
    assert "Traceback" not in errors and "Broken pipe" not in errors
    assert json.loads((tmp_path / "out/metrics.jsonl").read_text().splitlines()[-1])["step"] == 3


def test_an_archive_is_no_folder(tmp_path):
    archive = tmp_path / "photos.zip"
    archive.write_bytes(b"PK")
    done = train("--data", archive, "--output", tmp_path / "out", *QUICK)
    assert done.returncode == 2 and "photos.zip is a file: unpack it" in done.stderr and "datasets" not in done.stderr


def test_one_more_image_is_another_run_that_may_start_from_this_one(image_folder, tmp_path):
    quick = ["--output", tmp_path / "out", *QUICK, "--steps", 1]
    assert train("--data", image_folder, *quick).returncode == 0
    more = tmp_path / "more"
    shutil.copytree(image_folder, more)
    Image.new("RGB", (200, 200), "red").save(more / "one-more.png")
    done = train("--data", more, *quick)
    assert done.returncode == 2 and "the images are not the same" in done.stderr
    assert f"--init-from {tmp_path / 'out'}" in done.stderr


def test_in_a_notebook_where_stdout_is_no_file(image_folder, tmp_path):
    """There `sys.stdout` has neither `reconfigure` nor a file's number; nor has a StringIO."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        code = main(["train", "--data", str(image_folder), "--output", str(tmp_path / "out"), *QUICK, "--steps", "1"])
    assert code == 0 and f"the model is in {tmp_path / 'out'}" in said.getvalue()
    assert not hasattr(said, "reconfigure")
