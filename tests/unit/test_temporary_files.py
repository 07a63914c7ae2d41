"""The folder of the files that browsers fetch: the oldest go first, those in use stay."""

import os
import time
from pathlib import Path

from gradio.utils import get_upload_folder

from lotus_gan.ui import temporary_files
from lotus_gan.ui.loaded_model import is_cached
from lotus_gan.ui.tabs import training_history
from lotus_gan.ui.temporary_files import sweep

HOUR = 3600


def write(path, age):
    """A file of 100 bytes that was written `age` seconds ago."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(100))
    os.utime(path, (time.time() - age,) * 2)
    return path


def left(folder):
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_the_oldest_files_go_first_and_those_in_use_stay(tmp_path):
    paths = {
        name: write(tmp_path / name / name, age) for name, age in zip("abcdef", (60, 50, 40, 30, 20, 10), strict=True)
    }
    sweep(tmp_path, 600)
    assert left(tmp_path) == set("abcdef")
    assert is_cached(paths["b"])  # somebody is shown it
    sweep(tmp_path, 399, kept={paths["a"]})
    assert left(tmp_path) == {"a", "b", "f"}


def test_empty_folders_go_after_an_hour_but_not_a_models(tmp_path):
    for name in ("lotus-model", "lotus-model/own-old", "upload-old", "upload-new", "full"):
        (tmp_path / name).mkdir()
    write(tmp_path / "full/a", 2 * HOUR)
    for name in ("lotus-model/own-old", "upload-old", "full", "lotus-model"):
        os.utime(tmp_path / name, (time.time() - 2 * HOUR,) * 2)
    sweep(tmp_path, 1000)
    assert {path.name for path in tmp_path.rglob("*")} == {"lotus-model", "upload-new", "full", "a"}


def test_a_process_has_a_folder_of_its_own_and_what_a_killed_one_left_goes(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    running, killed, foreign = tmp_path / "lotus-page-1", tmp_path / "lotus-page-2", tmp_path / "of-another-program"
    for folder in (running, killed, foreign):
        write(folder / "image.png", 2 * HOUR)
    for folder in (killed, foreign):
        os.utime(folder, (time.time() - 2 * HOUR,) * 2)
    own = temporary_files.use_own_folder()
    assert own.parent == tmp_path and get_upload_folder() == str(own) and temporary_files.use_own_folder() == own
    assert {path for path in tmp_path.iterdir()} == {own, running, foreign}


def test_stages_that_were_deleted_are_there_again_when_they_are_shown(tmp_path, monkeypatch):
    monkeypatch.setattr(training_history, "served_folder", lambda: tmp_path / "served")
    (tmp_path / "served").mkdir()
    model = Path(__file__).resolve().parents[2] / "weights/lotus-68"
    paths = [Path(stage["file"]["path"]) for stage in training_history.served(model)["stages"]]
    old = time.time() - HOUR
    for path in paths:
        os.utime(path, (old, old))
    training_history.served(model)
    assert min(path.stat().st_mtime for path in paths) > old + 1
    paths[0].unlink()
    again = [Path(stage["file"]["path"]) for stage in training_history.served(model)["stages"]]
    assert len(again) == len(paths) >= 4 and all(path.is_file() for path in again)
    training_history.history.cache_clear()
