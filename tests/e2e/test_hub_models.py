"""Models of the Hub on the page, with all that a push puts beside them: the real client against the stand-in."""

import json
from pathlib import Path

import pytest
import torch
from helpers.app_server import ROOT, running_app, save_colourful_model
from helpers.features import save_random_features
from PIL import Image

from lotus_gan.data.images import load_folder
from lotus_gan.evaluation.features import Features
from lotus_gan.evaluation.nearest import write_index
from lotus_gan.publishing import push
from lotus_gan.sampling import directions


@pytest.fixture
def hub(hub, tmp_path, monkeypatch):
    hub.capture(monkeypatch, tmp_path / "home")
    monkeypatch.setattr(push, "write_wheel", lambda folder: None)  # seconds of work that is tested elsewhere
    return hub


def save_model_with_sidecar_files(folder: Path, seed: int) -> Path:
    save_colourful_model(folder, seed)
    features = Features(save_random_features(folder.with_name("features.safetensors")))
    write_index(folder, load_folder(ROOT / "data/lotus-68").images[:5], features)
    directions.write([directions.Direction("openness", torch.eye(16)[0], 0.8)], folder)
    (folder / "previews").mkdir()
    for step in (1, 50):
        Image.new("RGB", (518, 518), "green").save(folder / f"previews/step_{step:07d}.webp")
    lines = [{"step": step, "kimg": step / 10, "wasserstein": 100 / step} for step in (10, 50)]
    (folder / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def ask_whether_it_is_a_copy(page) -> str:
    """What the page says, once it is something else than before."""
    said = page.locator("#copy-check-answer")
    before = said.inner_text().strip() if said.is_visible() else ""
    page.locator("#gallery .thumbnail-lg").first.click()
    page.locator("[data-act=check]").click()
    # while it is being asked, the seconds stand before what was said
    answered = "before => (said => said && !(before && said.endsWith(before)))"
    answered += "(document.querySelector('#copy-check-answer')?.innerText.trim())"
    page.wait_for_function(answered, arg=before, timeout=60_000)
    return said.inner_text()


def test_a_pushed_model_brings_its_index_and_its_history(hub, browser, tmp_path):
    """The page opens with one that has all sidecar files; then comes one whose sidecar files are broken."""
    push.push(save_model_with_sidecar_files(tmp_path / "mine", seed=0), "user/mine", onnx=False)
    push.push(save_model_with_sidecar_files(tmp_path / "other", seed=1), "user/other", onnx=False)
    other = hub.repos["model", "user/other"].branches["main"]
    for name, content in other.items():
        if name.startswith(("training", "directions", "previews", "metrics")):
            other[name] = content[: len(content) // 2]
    environment = hub.environment(tmp_path / "fresh") | {"LOTUS_GAN_FEATURES": str(tmp_path / "none")}
    with running_app(tmp_path, "user/mine", **environment) as app, browser.new_context() as context:
        page = context.new_page()
        complaints = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(app.url)
        page.wait_for_selector("#gallery img")
        said = ask_whether_it_is_a_copy(page)
        assert "32 px" in said and page.locator("#copy-check-gallery img").count() == 4
        page.get_by_role("tab", name="Explore").click()
        page.get_by_label("Openness").fill("-3")
        page.wait_for_selector("#image-view [data-file*='user--mine-latent-']")
        page.get_by_role("tab", name="Training").click()
        page.wait_for_function(
            "(i => i.complete && i.naturalWidth === 518)(document.querySelector('#training-history img'))"
        )
        assert (
            page.locator("#training-history .stage figcaption")
            .inner_text()
            .startswith("Step 50: the critic has looked at 5")
        )
        assert page.locator("#training-history svg").count() == 1
        page.get_by_role("button", name="Another model").click()
        page.locator("#any-model-name").locator("input, textarea").fill("user/other")
        page.locator("#any-model-load").click()
        page.get_by_role("radio", name="user/other").wait_for()
        page.wait_for_selector("#training-history svg", state="detached")
        assert not page.locator("#training-history .stage").is_visible()
        page.get_by_role("tab", name="Explore").click()
        page.wait_for_selector("#image-view [data-file*='user--other-seed-000036']")
        assert page.locator("#sliders label").first.inner_text() == "Direction 1"
        page.get_by_role("tab", name="Generate").click()
        page.wait_for_selector("#gallery img[src*='user--other-seed-000000']")
        assert "without an index" in ask_whether_it_is_a_copy(page)
    assert complaints == [] and "Traceback" not in app.log.read_text()
