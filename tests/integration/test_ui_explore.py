"""What the tab Explore computes: latent ids of moved images, sums of latents, and what it refuses."""

import json
import uuid
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import httpx
import pytest
import torch
from helpers.app_server import running_app, save_colourful_model

from lotus_gan import latents
from lotus_gan.cli.main import main
from lotus_gan.sampling import directions, media
from lotus_gan.sampling.directions import UNNAMED
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import direction_sliders
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.tabs import explore, interpolate

ENGLISH, FRENCH = (SimpleNamespace(headers={"accept-language": language}) for language in ("en", "fr"))


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_colourful_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory, model):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        yield LoadedModel(model)


def test_sliders_at_zero_leave_the_latent_id_and_others_give_the_code_of_where_they_lead(loaded):
    amounts = [0.0] * len(loaded.all_directions)
    assert explore.move(loaded, 6, amounts) == 6
    amounts[0], amounts[3] = 1.5, -3.0
    code = explore.move(loaded, 6, amounts)
    first, fourth = (loaded.all_directions[i].vector for i in (0, 3))
    expected = latents.from_seeds([6], 16)[0] + 1.5 * first - 3 * fourth
    assert (latents.decode(code, 16) - expected).abs().max() <= latents.CODE_STEP / 2 + 1e-6
    assert explore.move(loaded, code, [0.0] * len(amounts)) == code


def test_what_cancels_leaves_the_other_flower(loaded):
    assert explore.add(loaded, 3, 3, 8) == 8
    assert explore.add(loaded, 8, 3, 3) == 8
    code = latents.encode(loaded.z([5])[0])
    assert explore.add(loaded, code, 4, 4) == code


def test_a_sum_points_where_the_vectors_add_up_to_and_is_no_longer_than_the_longest(loaded):
    for a, b, c in ((18, 7, 22), (1, 2, 3), (9, 8, 7)):
        z = loaded.z([a, b, c])
        plain = z[0] - z[1] + z[2]
        found = latents.decode(explore.add(loaded, a, b, c), 16)
        assert torch.cosine_similarity(found, plain, dim=0) > 0.9999
        norm = min(plain.norm().item(), z.norm(dim=1).max().item())
        assert found.norm().item() == pytest.approx(norm, abs=16**0.5 * latents.CODE_STEP / 2)


def test_a_keyframe_is_appended_or_takes_the_last_place():
    assert interpolate.with_keyframe("3, 7", "~AB") == "3, 7, ~AB"
    assert interpolate.with_keyframe(" 1,2,3,4, 5,6,7,8", 9) == "1, 2, 3, 4, 5, 6, 7, 9"
    assert interpolate.with_keyframe("", 9) == "9"


def test_a_latent_id_takes_the_place_of_an_end():
    assert interpolate.with_end("3, 7,5", "~AB", "first") == "~AB, 7, 5"
    assert interpolate.with_end("3, 7,5", "~AB", "last") == "3, 7, ~AB"
    assert interpolate.with_end("3,", 9, "last") == "3, 9"


def test_the_command_line_makes_a_moved_image_again_to_the_byte(loaded, model, tmp_path):
    code = explore.move(loaded, 6, [0.7] * len(loaded.all_directions))
    path = loaded.image(code)
    assert media.read_info(path) == {"latent": code, "truncation": "1.0", "model": model.name}
    assert len(path.stem) <= len(model.name) + len("-latent-") + 12
    assert main(["sample", "--model", str(model), "--output", str(tmp_path), "--like", str(path)]) == 0
    [again] = tmp_path.iterdir()
    assert again.read_bytes() == path.read_bytes()


def test_a_latent_that_does_not_fit_its_model_is_refused_before_anything_is_written(loaded, model, tmp_path, capsys):
    for name, latent in (("short", latents.encode(torch.zeros(15))), ("seed", "42"), ("text", "~*")):
        path = tmp_path / f"{name}.png"
        media.save_png(
            media.sample_images(loaded.generator, loaded.z([1]))[0], path, latent=latent, truncation=1, model=model.name
        )
        assert main(["sample", "--model", str(model), "--output", str(tmp_path / "out"), "--like", str(path)]) == 2
        assert "no code of a latent with 16 values" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_with_names_shows_them_first(loaded, model):
    plain = direction_sliders.at_rest(loaded)
    assert [row["group"] for row in plain["directions"]] == ["closed"] * UNNAMED + ["principal"] * UNNAMED
    assert plain["amounts"] == [0] * 2 * UNNAMED
    named = directions.Direction("openness", torch.eye(16)[0], 0.8)
    directions.write([named], model)
    with_names = direction_sliders.at_rest(LoadedModel(model))
    assert with_names["directions"][0] == {"group": "named", "name": "openness", "rho": 0.8}
    assert with_names["directions"][1:] == plain["directions"]
    (model / directions.FILE).write_text("[7]")
    assert direction_sliders.at_rest(LoadedModel(model)) == plain
    (model / directions.FILE).unlink()


def test_every_name_has_its_words_in_both_languages():
    for name in directions.NAMES:
        for part in ("", "_low", "_high"):
            assert all(texts.TEXTS[f"direction_{name}{part}"])


def test_a_latent_id_is_a_seed_or_a_code():
    code = latents.encode(torch.zeros(16))
    assert arguments.latent_id("flower", " 42 ", 16, ENGLISH) == 42
    assert arguments.latent_id("flower", code, 16, ENGLISH) == code
    for wrong in ("", "-1", "4294967296", "1.5", "x", code[:-1], code + "A", "~", "~" * 10**6, None, 42, ["1"], "٣"):
        with pytest.raises(gr.Error, match=r"Flower must be a whole number from 0 to 4294967295, or the code"):
            arguments.latent_id("flower", wrong, 16, ENGLISH)
    with pytest.raises(gr.Error, match=r"Fleur \(flower\) : un nombre entier de 0 à 4294967295"):
        arguments.latent_id("flower", "x", 16, FRENCH)


def test_amounts_are_so_many_numbers_within_reach():
    assert arguments.amounts([-3, 0, 2.9], 3, ENGLISH) == [-3, 0, 2.9]
    for wrong in ([0, 0], [0] * 4, [0, 0, 3.01], [0, 0, float("nan")], [0, 0, None], [0, 0, True], "000", None, {}):
        with pytest.raises(gr.Error, match=r"Sliders \(amounts\) must be 3 numbers from -3 to 3\."):
            arguments.amounts(wrong, 3, ENGLISH)
    with pytest.raises(gr.Error, match=r"Curseurs \(amounts\) : 3 nombres de -3 à 3 sont attendus\."):
        arguments.amounts([9], 3, FRENCH)


def ask(app, config: dict, elem_id: str, data: list) -> dict:
    """The answer of a real server to the first event of a component, sent as the page sends it."""
    [target] = [c["id"] for c in config["components"] if c["props"].get("elem_id") == elem_id]
    fn = next(d["id"] for d in config["dependencies"] if target in [t[0] for t in d["targets"]] and d["backend_fn"])
    session = uuid.uuid4().hex
    body = {"data": data, "fn_index": fn, "session_hash": session, "trigger_id": target}
    httpx.post(f"{app.url}/gradio_api/queue/join", json=body).raise_for_status()
    with httpx.stream("GET", f"{app.url}/gradio_api/queue/data", params={"session_hash": session}, timeout=60) as lines:
        messages = (json.loads(line.removeprefix("data: ")) for line in lines.iter_lines() if line.startswith("data: "))
        return next(message["output"] for message in messages if message["msg"] == "process_completed")


def test_the_server_refuses_in_words_what_no_page_would_send(tmp_path, model):
    with running_app(tmp_path, model) as app:
        config = httpx.get(f"{app.url}/config").json()
        zeros = [0] * 2 * UNNAMED
        good = {"model": Path(model).name, "amounts": zeros}
        answer = ask(app, config, "go-on", ["6", {**good, "amounts": [1, *zeros[1:]]}])
        assert answer["data"][0].startswith("~") and answer["data"][1]["amounts"] == zeros
        for flower, moved, message in (
            ("x", good, "Flower must be a whole number"),
            ("6", {**good, "amounts": zeros[1:]}, "Sliders (amounts) must be 16 numbers from -3 to 3."),
            ("6", {**good, "amounts": [99, *zeros[1:]]}, "Sliders (amounts) must be 16 numbers from -3 to 3."),
            ("6", {**good, "model": "../x"}, "Model must be one of"),
            ("6", None, "Model must be one of"),
            (7, [[]], "Model must be one of"),
        ):
            assert ask(app, config, "go-on", [flower, moved])["error"].startswith(message)
        assert ask(app, config, "take", ["1", "2", "", good["model"]])["error"].startswith("C must be a whole number")
        assert "Traceback" not in app.log.read_text()
