"""The app as programs see it: the real server, its API, what it refuses and how it starts."""

import base64
import json
from pathlib import Path

import gradio as gr
import httpx
import numpy as np
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from helpers.app_server import copy_of_the_app, running_app, save_colourful_model
from helpers.coroutines import run_coroutine
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from lotus_gan import latents
from lotus_gan.cli.main import main
from lotus_gan.publishing.space import NOT_IN_A_SPACE
from lotus_gan.sampling import media
from lotus_gan.ui import arguments
from lotus_gan.ui.tabs import interpolate

FRENCH = {"Accept-Language": "fr-CA,fr;q=0.9,en;q=0.5"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_colourful_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def app(tmp_path_factory, model):
    with running_app(tmp_path_factory.mktemp("app"), model) as app:
        yield app


@pytest.fixture(scope="module")
def client(app, tmp_path_factory):
    return Client(app.url, verbose=False, download_files=str(tmp_path_factory.mktemp("downloads")))


@pytest.fixture(scope="module")
def french_client(app):
    return Client(app.url, verbose=False, headers=FRENCH)


def pixels(path) -> np.ndarray:
    with Image.open(path) as image:
        assert image.format == "PNG" and image.size == (128, 128)
        return np.asarray(image.convert("RGB"), dtype=int)


def generate(client, *arguments) -> list[np.ndarray]:
    return [pixels(item["image"]) for item in client.predict(*arguments, api_name="/generate")]


def test_the_public_api_is_the_two_named_endpoints(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    names = {name: [p["parameter_name"] for p in info["parameters"]] for name, info in endpoints.items()}
    assert names == {"/generate": ["count", "seed", "truncation"], "/interpolate": ["seed_a", "seed_b", "position"]}
    assert endpoints["/generate"]["returns"][0]["component"] == "Gallery"
    assert endpoints["/interpolate"]["returns"][0]["component"] == "Image"


def test_the_same_seed_twice_is_the_same_image(client):
    first, second = generate(client, 4, 42, 1), generate(client, 4, 42, 1)
    assert len(first) == 4
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert abs(first[0] - first[1]).mean() > 1  # and another seed another one


def test_image_i_has_seed_s_plus_i_whatever_the_batch(client):
    batch = generate(client, 16, 2**32 - 3, 0.8)
    for i, seed in ((0, 2**32 - 3), (3, 0), (15, 12)):
        [alone] = generate(client, 1, seed, 0.8)
        assert np.array_equal(batch[i], alone)


def test_images_say_how_to_make_them_again(client, model):
    [item] = client.predict(1, 42, 0.7, api_name="/generate")
    assert "42" in item["caption"]
    assert item["image"].endswith(f"/{model.name}-seed-000042-truncation-0.7.png")
    assert media.read_info(item["image"]) == {"seed": "42", "truncation": "0.7", "model": model.name}


def test_the_command_line_makes_the_pages_image_again_to_the_byte(client, model, tmp_path):
    [item] = client.predict(1, 42, 0.7, api_name="/generate")
    assert main(["sample", "--model", str(model), "--output", str(tmp_path), "--like", item["image"]]) == 0
    assert (tmp_path / "seed000042.png").read_bytes() == Path(item["image"]).read_bytes()


def test_the_ends_of_an_interpolation_are_the_images_of_its_seeds(client):
    [a], [b] = generate(client, 1, 3, 1), generate(client, 1, 7, 1)
    assert abs(pixels(client.predict(3, 7, 0, api_name="/interpolate")) - a).max() <= 1
    assert abs(pixels(client.predict(3, 7, 1, api_name="/interpolate")) - b).max() <= 1
    middle = pixels(client.predict(3, 7, 0.5, api_name="/interpolate"))
    assert min(abs(middle - a).mean(), abs(middle - b).mean()) > 1


def test_an_interpolation_from_a_seed_to_itself_stays(client):
    [a] = generate(client, 1, 5, 1)
    assert abs(pixels(client.predict(5, 5, 0.37, api_name="/interpolate")) - a).max() <= 1


def test_the_same_two_are_tools_for_language_models(app):
    """A real client of the Model Context Protocol finds both, with their ranges in words, and gets an image."""

    async def ask():
        async with (
            streamable_http_client(f"{app.url}/gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = (await session.list_tools()).tools
            answer = await session.call_tool("interpolate", {"seed_a": 3, "seed_b": 7, "position": 0})
            refusal = await session.call_tool("generate", {"count": 99, "seed": 0, "truncation": 1})
            return tools, answer, refusal

    tools, answer, refusal = run_coroutine(ask())
    described = {tool.name: (tool.description, set(tool.inputSchema["properties"])) for tool in tools}
    assert set(described) == {"generate", "interpolate"}
    assert described["generate"][1] == {"count", "seed", "truncation"} and "1 to 64" in described["generate"][0]
    [image] = [content for content in answer.content if content.type == "image"]
    assert image.mimeType.startswith("image/") and base64.b64decode(image.data)
    assert refusal.isError and "Count must be a whole number from 1 to 64" in refusal.content[0].text


GOOD = {"/generate": [4, 42, 0.8], "/interpolate": [3, 7, 0.5]}
BAD = [
    *(("/generate", 0, v, "Count", "Nombre d’images (count)", "1", "64") for v in (0, 65, 2.5, "4", None, True, [4])),
    *(("/generate", 1, v, "Seed", "Graine (seed)", "0", "4294967295") for v in (-1, 2**32, 0.5, "x", None, {})),
    *(("/generate", 2, v, "Truncation", "Troncature (truncation)", "0.3", "1") for v in (0.29, 1.01, "1", None)),
    *(("/interpolate", 0, v, "Seed A (seed_a)", "Graine A (seed_a)", "0", "4294967295") for v in (-1, 1.5, None)),
    *(("/interpolate", 1, v, "Seed B (seed_b)", "Graine B (seed_b)", "0", "4294967295") for v in (2**32, "7")),
    *(("/interpolate", 2, v, "Position", "Position", "0", "1") for v in (-0.01, 1.01, "a", None)),
]


@pytest.mark.parametrize(("endpoint", "index", "value", "english", "french", "low", "high"), BAD)
def test_a_refusal_names_the_field_and_its_range(
    client, french_client, endpoint, index, value, english, french, low, high
):
    arguments = [*GOOD[endpoint]]
    arguments[index] = value
    with pytest.raises(AppError) as error:
        client.predict(*arguments, api_name=endpoint)
    assert str(error.value).startswith(f"{english} must be a ")
    assert str(error.value).endswith(f"number from {low} to {high}.")
    with pytest.raises(AppError) as error:
        french_client.predict(*arguments, api_name=endpoint)
    assert str(error.value).startswith(f"{french} : un nombre")
    assert f"de {low} à {high} est attendu" in str(error.value)


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999", "null"])
def test_numbers_that_json_does_not_know_are_refused_too(app, literal):
    body = f'{{"data": [4, 42, {literal}]}}'
    headers = {"Content-Type": "application/json"}
    answer = httpx.post(f"{app.url}/gradio_api/call/generate", content=body, headers=headers)
    if answer.status_code == 422:  # not JSON, says the web server
        return
    events = httpx.get(f"{app.url}/gradio_api/call/generate/{answer.json()['event_id']}", timeout=30).text
    assert "Truncation must be a number from 0.3 to 1." in events


def test_too_few_arguments_are_refused_in_words(app):
    answer = httpx.post(f"{app.url}/gradio_api/call/generate", json={"data": [4]})
    events = httpx.get(f"{app.url}/gradio_api/call/generate/{answer.json()['event_id']}", timeout=30).text
    assert "count, seed, truncation" in events


def test_the_log_shows_no_traceback_for_what_users_do_wrong(app, client):
    with pytest.raises(AppError):
        client.predict(99, 0, 1, api_name="/generate")
    log = app.log.read_text()
    assert "Traceback" not in log, log


def test_the_page_opens_with_images(app):
    config = httpx.get(f"{app.url}/config").json()
    [gallery] = [c for c in config["components"] if c["props"].get("elem_id") == "gallery"]
    images = gallery["props"]["value"]
    assert len(images) == 8
    for item in images:
        assert httpx.get(item["image"]["url"]).content.startswith(b"\x89PNG")


@pytest.mark.parametrize("path", ["/", "/config"])
def test_the_page_itself_is_compressed(app, path):
    plain, short = (httpx.get(app.url + path, headers={"Accept-Encoding": coding}) for coding in ("identity", "gzip"))
    assert short.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert int(short.headers["content-length"]) < len(plain.content) / 4 and len(short.content) == len(plain.content)


def test_a_model_that_cannot_be_loaded_does_not_stop_the_page(tmp_path, model):
    site = copy_of_the_app(tmp_path, lotus=model)
    with running_app(tmp_path, "/no/such/<b>folder", site) as app:
        config = json.dumps(httpx.get(f"{app.url}/config").json())
        assert "&lt;b&gt;folder" in config and "fallback" in config
        assert len(Client(app.url, verbose=False).predict(1, 0, 1, api_name="/generate")) == 1


def test_a_second_model_that_cannot_be_loaded_is_left_out(tmp_path, model):
    broken = tmp_path / "broken"
    broken.mkdir()
    with running_app(tmp_path, None, copy_of_the_app(tmp_path, lotus=model, broken=broken)) as app:
        components = httpx.get(f"{app.url}/config").json()["components"]
    [radio] = [component for component in components if component["props"].get("elem_id") == "model"]
    assert radio["props"]["choices"] == [["lotus", "lotus"]] and not radio["props"]["visible"]
    assert "left out" in app.log.read_text()


def test_without_any_model_it_ends_with_a_message(tmp_path):
    site = copy_of_the_app(tmp_path)
    with pytest.raises(AssertionError, match="no model to show"), running_app(tmp_path, None, site):
        pass
    assert "Traceback" not in (tmp_path / "app.log").read_text()


def test_it_starts_without_the_training_code(tmp_path, model):
    site = copy_of_the_app(tmp_path, lotus=model)
    assert not any((site / "lotus_gan" / name).exists() for name in NOT_IN_A_SPACE)
    with running_app(tmp_path, None, site) as app:
        assert len(Client(app.url, verbose=False).predict(2, 0, 1, api_name="/generate")) == 2
    assert "Traceback" not in app.log.read_text()


def test_the_shipped_weights_generate(tmp_path):
    with running_app(tmp_path, None) as app:
        images = generate(Client(app.url, verbose=False), 4, 0, 1)
    assert min(image.std() for image in images) > 10


CODE = latents.encode(latents.from_seeds([3], 16)[0])


def test_latent_ids_are_seeds_and_codes_of_the_model():
    assert arguments.latent_ids(f" 3,{CODE} , 4294967295", 16, None) == [3, CODE, 2**32 - 1]


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        *((ids, "2 to 8 whole numbers from 0 to 4294967295") for ids in ("3", "", "3,", "3,x", "3,4294967296", "3,-1")),
        *((ids, "2 to 8 whole numbers") for ids in (None, [3, 7], "3,7.0", "3," + "9" * 5000, "1,2,3,4,5,6,7,8,9")),
        *((f"3,{code}", "no code of a flower of this model") for code in ("~", CODE[:-1], CODE + "A", "~é" + CODE[2:])),
        ("3," + 1000 * CODE, "no code of a flower of this model"),
    ],
)
def test_what_is_no_list_of_latent_ids_is_refused(ids, said):
    with pytest.raises(gr.Error) as error:
        arguments.latent_ids(ids, 16, None)
    assert said in error.value.message and len(error.value.message) < 300


@pytest.mark.parametrize("ids", [[3, 7], [CODE, 7], [3, CODE], [CODE] * 8])
def test_the_file_name_of_an_interpolation_is_short_and_its_own(ids):
    others = [[7, 3], [3, 7, 9], [7, CODE], [CODE, CODE]]
    names = {
        interpolate.file_stem(i, *rest) for i in (ids, *others) for rest in ((1.0, False), (0.5, False), (1.0, True))
    }
    assert len(names) == 3 * len({str(i) for i in (ids, *others)})
    assert max(map(len, names)) < 60
