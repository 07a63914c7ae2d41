"""Whatever a program sends to the running page: an answer or a sentence, and no traceback in the log."""

import os
import random
import shutil
import time

import httpx
import pytest
from helpers.app_server import running_app_without_traceback, save_colourful_model
from helpers.calls import call, functions, value

ROUNDS = int(os.environ.get("LOTUS_GAN_FUZZ_ROUNDS", "4"))  # calls of each function; 1,000 take half an hour


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_colourful_model(tmp_path_factory.mktemp("lotus"))


@pytest.fixture(scope="module")
def app(tmp_path_factory, model):
    with running_app_without_traceback(tmp_path_factory.mktemp("app"), model) as app:
        yield app


@pytest.fixture
def client(app):
    with httpx.Client(base_url=app.url, timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def ids(app):
    return {function["api_name"]: function["id"] for function in functions(app.url)}


def test_any_values_for_any_function(app, client):
    rng = random.Random(0)
    found = functions(app.url)
    assert len(found) > 40
    for _ in range(ROUNDS):
        for function in found:
            count = rng.choice([len(function["inputs"])] * 4 + [0, 1, 9])
            event = rng.choice([None, {}, {"index": value(rng), "value": 1, "seed": value(rng)}, value(rng)])
            answer = call(client, function["id"], [value(rng) for _ in range(count)], event)
            said = str(answer["error"])
            assert answer["status"] == 200 and said != "None" and "bug of ours" not in said, (function, answer)
            assert len(said) < 1000


@pytest.mark.parametrize("number", [10**400, -(10**400), 2**64, "9" * 5000])
def test_a_number_of_any_length_is_out_of_range(client, ids, number):
    assert call(client, ids["generate"], [1, number, 1])["error"].startswith(
        ("Seed must be", "/generate takes no such")
    )


def test_a_function_without_its_event_and_one_of_the_browser(client, ids):
    assert call(client, ids["check"], [])["error"] == "/check needs an event of the page."
    assert call(client, ids["js_fn"], [])["error"] == "This is done in the browser."
    said = call(client, ids["fill"], [1])["error"]
    assert said == "/fill takes 4 values: count, seed, truncation, model. Got 1."


@pytest.mark.parametrize("path", ["9" * 5000, "\0", "/etc/passwd"])
def test_an_event_that_names_a_file(client, ids, path):
    event = {"seed": [{"path": path, "meta": {"_type": "gradio.FileData"}}]}
    said = call(client, ids["with_image"], [[]], event)["error"]
    assert said and "bug of ours" not in said and len(said) < 1000


@pytest.mark.parametrize(
    ("path", "body"),
    [
        *(("queue/join", {"data": [], "fn_index": i, "session_hash": "a"}) for i in (-1, 9999, 10**30)),
        *((f"{way}/nothing", {"data": []}) for way in ("call", "call/v2", "run")),
        ("call/v2/generate", {"data": 7}),
    ],
)
def test_a_function_that_is_not_there(client, path, body):
    answer = client.post(f"/gradio_api/{path}", json=body)
    assert answer.status_code == 400 and "there is no such function here" in answer.json()["detail"]


@pytest.mark.parametrize("body", ["", "{", "[]", '{"data":' + "[" * 90_000, '{"data":[' + "9" * 5000 + ",1,1]}"])
def test_what_is_no_call(client, body):
    answer = client.post("/gradio_api/call/generate", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422) and answer.json()["detail"]
    assert "session" in client.get("/gradio_api/queue/data?session_hash=none").text.lower()


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("a.jpg", b"", "the file is empty"),
        ("a.jpg", b"text", "not an image in a format that we read"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not an image in a format that we read"),
        ("a.heic", b"\x00\x00\x00\x18ftypheic" + bytes(32), "("),
        ("%00", b"x", "not an image"),
    ],
)
def test_an_upload_that_is_no_picture(client, ids, model, name, data, said):
    [path] = client.post("/gradio_api/upload", files={"files": (name, data)}).json()
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    answer = call(client, ids["find"], [file, "nothing", model.name])
    assert answer["error"].startswith("This picture cannot be read. (") and said in answer["error"]


@pytest.mark.parametrize("path", ["/etc/passwd", "x", "", "\0", "a" * 5000, "http://127.0.0.1:1/x.jpg"])
def test_a_path_that_was_not_uploaded(client, ids, model, path):
    file = {"path": path, "meta": {"_type": "gradio.FileData"}}
    assert "cannot take these values" in call(client, ids["find"], [file, "nothing", model.name])["error"]


# --- what a visitor loads is his own


def load(client, ids, session, folder):
    return call(client, ids["load"], [str(folder)], session=session)


def test_a_model_of_one_visitor_is_not_anothers(client, ids, model, tmp_path):
    mine = shutil.copytree(model, tmp_path / "<b>mine")
    answer = load(client, ids, "anna", mine)
    assert [choice[0] for choice in answer["data"][0]["choices"]][1:] == ["<b>mine"]
    assert call(client, ids["fill"], [1, 1, 1, "<b>mine"], session="anna")["error"] == ""
    for session in ("bert", None):
        said = call(client, ids["fill"], [1, 1, 1, "<b>mine"], session=session)["error"]
        assert said.startswith("Model must be one of lotus") and "mine" not in said
    said = call(client, ids["fill"], [1, 1, 1, "x"], session="anna")["error"]
    assert "&lt;b&gt;mine" in said and "<b>" not in said


def test_eight_visitors_may_have_one_and_none_is_pushed_out(client, ids, model, tmp_path):
    folders = [shutil.copytree(model, tmp_path / f"model{i}") for i in range(10)]
    answers = [load(client, ids, f"visitor {i}", folder)["error"] for i, folder in enumerate(folders)]
    assert answers[:7] == [""] * 7 and "8 visitors are using models of their own" in answers[-1]
    assert call(client, ids["fill"], [1, 1, 1, "model0"], session="visitor 0")["error"] == ""
    assert load(client, ids, "visitor 0", folders[9])["error"] == ""  # in the place of his own
    assert "Model must be" in call(client, ids["fill"], [1, 1, 1, "model0"], session="visitor 0")["error"]


@pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "<img src=x onerror=alert(1)>", "../../etc", "~", "a/" * 3000])
def test_a_name_that_is_no_model(client, ids, name):
    said = call(client, ids["load"], [name])["error"]
    assert said.endswith("The model that was chosen before stays.") and len(said) < 600 and "<img" not in said


# --- places and listeners


LOOP = ["1,2,3,4,5,6,7,8", 1, False, "lotus", "mp4", 512]  # seconds of work, one at a time


def waiting(client) -> int:
    return client.get("/gradio_api/queue/status").json()["queue_size"]


def join(client, function, model, session) -> int:
    body = {"data": [*LOOP[:3], model.name, *LOOP[4:]], "fn_index": function, "session_hash": session}
    return client.post("/gradio_api/queue/join", json=body).status_code


def test_jobs_whose_listener_has_gone_are_dropped(client, ids, model):
    for _ in range(6):
        assert join(client, ids["make_loop"], model, "gone") == 200
    with client.stream("GET", "/gradio_api/queue/data", params={"session_hash": "gone"}) as lines:
        messages = lines.iter_lines()
        next(messages)
        assert waiting(client) >= 4
    time.sleep(2)
    assert waiting(client) == 0


def test_a_client_has_32_of_the_256_places_and_what_nobody_listens_to_is_dropped(client, ids, model):
    answers = [join(client, ids["make_loop"], model, f"deaf {i}") for i in range(40)]
    assert answers.count(503) >= 6 and 32 <= answers.count(200) <= 34
    assert "32 calls of yours are waiting" in client.post("/gradio_api/call/generate", json={"data": [1, 1, 1]}).text
    deadline = time.monotonic() + 20
    while waiting(client) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert waiting(client) == 0  # a minute of work otherwise
    assert call(client, ids["fill"], [1, 1, 1, model.name])["error"] == ""
