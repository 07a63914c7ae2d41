"""The tab Training: the stages of a training run under a slider, its curves, and what the words mean.

Everything comes from the model's folder: `timeline/step_0000200.webp` (or `previews/`), metrics.jsonl, quality.jsonl. A
stranger may have written it, so what a run does not write is left out.
"""

import json
import re
import shutil
import tempfile
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder
from PIL import Image

from lotus_gan.models.hub import sidecar_files
from lotus_gan.ui import texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.context import Page
from lotus_gan.ui.loaded_model import is_cached
from lotus_gan.ui.models import Models

STAGES = (
    "timeline/step_*.webp",
    "previews/step_*.webp",
)  # the folders of a model that may hold the stages: the first that does is shown
CURVES = {"wasserstein": "metrics.jsonl", "kid": "quality.jsonl"}  # drawn over kimg
POINTS = 200  # of a curve, at most: it is 480 px wide
MAX_SIDE = 2048  # px of a stage's image, which the browser decodes: the sheets of a run have 518
LARGEST = 1e12  # of a number in a log
BASELINES = {"lotus-68": "article"}  # trained on the same images, on the same machine: shown beside the model


def build(page: Page) -> None:
    """The tab's components and events, inside the Blocks that is open."""
    models = page.models
    run = assets.component(
        "training_history",
        with_baseline(models, models.first.name, models.first.origin),
        texts=texts.pairs(
            "stage", "stage_alt", "stage_timed", "baseline", "stages", "wasserstein", "kid", "curve_ends"
        ),
        elem_id="training-history",
    )
    gr.HTML(texts.static("training_history"), elem_id="training-history-text")
    gr.on(
        page.on_model_change(),
        assets.bind(show, models),
        page.model,
        run,
        preprocess=False,
        api_visibility="private",
        show_progress="hidden",
    )


def show(models: Models, name: Any) -> dict:
    """The history of the model with this name; an empty one for anything else that is sent."""
    return with_baseline(models, name, models[name].sidecar_folder()) if name in list(models) else history(None)


def with_baseline(models: Models, name: str, folder: Path | None) -> dict:
    """The history in a folder, with the stages of the model's baseline whose minutes are known."""
    other = models.get(BASELINES.get(name, ""))
    stages = served(other.sidecar_folder())["stages"] if other else []
    return served(folder) | {"baseline": [stage for stage in stages if stage["minutes"] is not None]}


def served(folder: Path | None) -> dict:
    """`history`, whose files are there: on a full disk those that nobody has looked at for long are deleted."""
    found = history(folder)
    if all([is_cached(Path(stage["file"]["path"])) for stage in found["stages"]]):  # a list: all of them are in use
        return found
    history.cache_clear()
    return history(folder)


@lru_cache(16)  # a model is loaded once
def history(folder: Path | None) -> dict:
    """The stages and curves in a model's folder; empty for None, a model without a folder here.

    {"stages": [{file, step, kimg, minutes}], "curves": [{name, points}]}; kimg and minutes may be None.
    """
    logs = {file: read_lines(folder, file) if folder else [] for file in CURVES.values()}
    paths = next(filter(None, (stage_images(folder, kind) for kind in STAGES)), {}) if folder else {}
    copies = tempfile.mkdtemp(dir=served_folder()) if paths else ""
    stages = []
    for step, original in sorted(paths.items()):
        path = Path(shutil.copy(original, copies))
        line = line_at(step, logs["metrics.jsonl"])
        # lines come every so many steps; in between, and soon after the last, one step is like another
        kimg = line and line["kimg"] * step / line["step"]
        stages.append({"file": assets.file(path), "step": step, "kimg": kimg, "minutes": line and line.get("minutes")})
    curves = [{"name": name, "points": curve(logs[file], name)} for name, file in CURVES.items()]
    return {"stages": stages, "curves": [curve for curve in curves if len(curve["points"]) > 1]}


@cache
def served_folder() -> Path:
    """A new folder whose files the browser may fetch, and which Gradio does not delete after an hour.

    One for all models: Gradio compares each file that it sends with each static path it was ever given, so that a path
    for each stage made a gallery of 64 images twice as slow.
    """
    upload = Path(get_upload_folder())
    upload.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="lotus-stages-", dir=upload))
    gr.set_static_paths([folder])
    return folder


def curve(lines: list[dict], name: str) -> list[tuple[float, float]]:
    """(kimg, value) of each line that has both, every so many if there are more than can be seen."""
    points = [(line["kimg"], line[name]) for line in lines if name in line and "kimg" in line]
    every = -(-len(points) // POINTS) or 1
    return points[::-every][::-1]  # the last one always


def line_at(step: int, metrics: list[dict]) -> dict | None:
    """The first line of metrics that was written at a step or later; the last one, if the run ended soon after it."""
    lines = [line for line in metrics if "kimg" in line and line.get("step", -1) >= 1]
    later = next((line for line in lines if line["step"] >= step), None)
    return later or next((line for line in lines[-1:] if step < 2 * line["step"]), None)


def stage_images(folder: Path, pattern: str) -> dict[int, Path]:
    """{step: path} of the WebP images of a model's folder that can be decoded and are not too large to be shown, at
    most 64 of them."""
    found = {}
    for path in sidecar_files(folder, pattern):
        step = re.fullmatch(r"step_(\d{1,9})", path.stem)
        try:
            with Image.open(path, formats=["WEBP"]) as image:
                fits = max(image.size) <= MAX_SIDE
                if fits:
                    image.load()  # half a file opens, too
        except (OSError, ValueError, Image.DecompressionBombError):
            continue
        if step and fits:
            found[int(step[1])] = path
    return found


def read_lines(folder: Path, name: str) -> list[dict[str, float]]:
    """The numbers of each line of a log of JSON lines; none where there is no log, or a line is not of a run."""
    try:
        logs = [path.read_text(encoding="utf-8", errors="replace") for path in sidecar_files(folder, name)]
    except OSError:
        return []
    lines = [line for text in logs for line in text.splitlines()]
    return [numbers for line in lines if (numbers := _numbers(line))]


def _numbers(text: str) -> dict[str, float]:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):  # the last line may be half written, too
        return {}
    values = line.items() if isinstance(line, dict) else []
    return {
        name: value
        for name, value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST  # NaN is not
    }
