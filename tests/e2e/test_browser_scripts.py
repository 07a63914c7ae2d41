"""What the browser computes itself, without the page: latents, PNG files and images, beside Python's; in Chromium."""

import base64
import json
import shutil

import numpy as np
import pytest
import torch
from helpers.app_server import ROOT
from helpers.file_server import serving
from PIL import Image

from lotus_gan import latents
from lotus_gan.models.hub import load_generator, matching_onnx
from lotus_gan.models.inference import InferenceGenerator
from lotus_gan.sampling import directions, interpolation
from lotus_gan.sampling.browser import SCRIPT, STATIC, WASM, described
from lotus_gan.sampling.media import read_info, sample_images
from lotus_gan.ui.tabs import explore

MODELS = ("lotus", "lotus-68", "article")
IMAGES = """async ([description, seeds, psi]) => {
  const {openGenerator} = await import('/generator.js');
  const {fromSeed, truncate} = await import('/latents.js');
  const generator = await openGenerator(description, () => {}), images = [];
  for (const seed of seeds) {
    const {pixels} = await generator.image(truncate(fromSeed(seed, generator.model.zDim), psi));
    images.push(btoa(Array.from(pixels, byte => String.fromCharCode(byte)).join('')));
  }
  generator.lose('the end');
  return images;
}"""


@pytest.fixture(scope="module")
def page(browser, runtime, tmp_path_factory):
    """A page with nothing on it, beside the scripts and three models."""
    site = tmp_path_factory.mktemp("site")
    for path in (*STATIC.glob("*.js"), runtime / SCRIPT, runtime / WASM):
        shutil.copy(path, site)
    for name in MODELS:
        shutil.copy(ROOT / "weights" / name / "model.onnx", site / f"{name}.onnx")
        model = (f"{name}.onnx", site / f"{name}.onnx")
        files = {"script": (SCRIPT, site / SCRIPT), "wasm": (WASM, site / WASM), "model": model}
        (site / f"{name}.json").write_text(json.dumps(described(name, name, 100, {}, files)))
    (site / "index.html").write_text("<!doctype html><title>nothing</title>")
    with serving(site) as url, browser.new_context() as context:
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"{url}/index.html")
        yield page


def compute(page, expression: str, *values):
    """A JavaScript expression of the values v and of the module's functions."""
    code = f"async v => {{ const all = await import('/latents.js'); return (({{{NAMES}}}) => ({expression}))(all); }}"
    return page.evaluate(code, list(values))


NAMES = "fromSeed, encode, decode, readId, fromId, truncate, slerp, move, add, evenPositions"


@pytest.mark.parametrize("name", MODELS)
def test_the_onnx_file_is_of_the_weights_beside_it(name):
    """If not: python -m lotus_gan.publishing.onnx weights/*"""
    assert matching_onnx(ROOT / "weights" / name)


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_sixty_four_seeds_are_the_servers_images_to_two_levels(page, name):
    seeds, psi = [*range(62), 2**31 + 5, 2**32 - 1], 0.9 if name == "lotus-68" else 1
    generator = InferenceGenerator(load_generator(ROOT / "weights" / name))
    expected = sample_images(generator, latents.truncate(latents.from_seeds(seeds, 100), psi))
    found = page.evaluate(IMAGES, [f"/{name}.json", seeds, psi])
    for mine, image in zip(found, expected, strict=True):
        pixels = np.frombuffer(base64.b64decode(mine), dtype=np.uint8).reshape(128, 128, 4)
        assert (pixels[..., 3] == 255).all()
        assert np.abs(pixels[..., :3].astype(int) - np.asarray(image, dtype=int)).max() <= 2


@pytest.mark.parametrize("z_dim", [1, 9, 15, 16, 17, 100, 512])
def test_a_seed_gives_the_latent_that_torch_draws(page, z_dim):
    seeds = [0, 3, 12345, 2**31, 2**32 - 1]
    found = compute(page, "v[0].map(seed => [...fromSeed(seed, v[1])])", seeds, z_dim)
    torch.testing.assert_close(torch.tensor(found), latents.from_seeds(seeds, z_dim), rtol=1e-5, atol=2e-6)


def test_codes_are_pythons(page):
    z = torch.cat([torch.linspace(-6, 6, 97), torch.tensor([0.0, 1 / 28, -4.5])])
    code = latents.encode(z)
    found, back, *wrong = compute(
        page, "[encode(v[0]), [...decode(v[1], 100)], decode(v[1] + 'A', 100), decode(v[1], 99)]", z.tolist(), code
    )
    assert found == code and wrong == [None, None]
    torch.testing.assert_close(torch.tensor(back), latents.decode(code, 100))


@pytest.mark.parametrize(
    ("text", "latent_id"), [("42", 42), (" 7 ", 7), ("4294967296", None), ("-1", None), ("3.5", None), ("~no", None)]
)
def test_what_is_typed_is_read_as_the_server_reads_it(page, text, latent_id):
    assert compute(page, "readId(v[0], 100)", text) == latent_id


@pytest.mark.parametrize("ends", [(3, 7), (3, 3), "opposite"])
def test_an_arc_is_pythons(page, ends):
    a, b = latents.from_seeds([3, 7] if ends == "opposite" else ends, 100)
    b = -a if ends == "opposite" else b
    t = [0, 0.25, 0.5, 1]
    found = compute(
        page,
        "v[2].map(t => [...slerp(...v.slice(0, 2).map(z => Float32Array.from(z)), t)])",
        *map(torch.Tensor.tolist, (a, b)),
        t,
    )
    torch.testing.assert_close(torch.tensor(found), latents.slerp(a, b, torch.tensor(t)), rtol=1e-4, atol=1e-5)


def test_sums_and_moves_are_pythons(page):
    class Model:
        z = staticmethod(lambda ids: latents.from_ids(ids, 100))

    assert compute(page, "add(3, 9, 11, 100)") == explore.add(Model, 3, 9, 11)
    assert compute(page, "[add(3, 9, 9, 100), add(3, 3, 9, 100), add(3, 3, 3, 100)]") == [3, 9, 3]
    found = directions.read(ROOT / "weights/lotus")
    amounts, [z] = [0.1 * i for i in range(len(found))], latents.from_seeds([36], 100)
    vectors = [direction.vector.tolist() for direction in found]
    moved = compute(page, "encode(move(fromSeed(36, 100), v[0], v[1]))", vectors, amounts)
    assert moved == latents.encode(directions.move(z, found, amounts))


def test_an_even_pace_is_pythons(page):
    values = [0, 1, 1, 5, 6, 20]  # grey levels of frames
    frames = [Image.new("RGB", (4, 4), (value,) * 3) for value in values]
    steps = np.diff(values).tolist()
    found = compute(page, "[evenPositions(v[0]), evenPositions([0, 0])]", steps)
    np.testing.assert_allclose(found[0], interpolation.even_positions(frames).numpy(), atol=1e-6)
    assert found[1] == [0, 0.5, 1]


def test_a_png_is_exact_and_says_what_it_is(page, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (16, 16, 4), dtype=np.uint8)
    info = {"seed": 3, "truncation": 0.5, "model": "forêt"}
    code = """async ([pixels, info]) => {
      const {png} = await import('/png.js');
      return [...new Uint8Array(await (await png(Uint8ClampedArray.from(pixels), info)).arrayBuffer())];
    }"""
    (tmp_path / "it.png").write_bytes(bytes(page.evaluate(code, [noise.ravel().tolist(), info])))
    with Image.open(tmp_path / "it.png") as image:
        image.verify()  # its checksums
    with Image.open(tmp_path / "it.png") as image:
        assert image.mode == "RGB" and np.array_equal(np.asarray(image), noise[..., :3])
        assert "trainedAlgorithmicMedia" in image.text["XML:com.adobe.xmp"]
    assert read_info(tmp_path / "it.png") == {"seed": "3", "truncation": "0.5", "model": "forêt"}
