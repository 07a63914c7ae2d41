"""Loading and pushing with the real huggingface_hub client against a few lines of HTTP on loopback."""

import os
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lotus_gan import Generator
from lotus_gan.hub import ModelError, load_generator

ROOT = Path(__file__).resolve().parent.parent


class Hub(BaseHTTPRequestHandler):
    """user/model is public, every other repo does not exist, and nobody may create one."""

    folder: Path

    def do_HEAD(self):
        self.answer(with_body=False)

    def do_GET(self):
        self.answer(with_body=True)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.refuse(401, "Unauthorized", "Invalid username or password.")

    def answer(self, with_body):
        prefix = "/user/model/resolve/main/"
        if not self.path.startswith(prefix):
            return self.refuse(404, "RepoNotFound", "Repository not found")
        body = (self.folder / self.path.removeprefix(prefix)).read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{len(body)}-{self.path[-9:]}"')
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def refuse(self, status, code, message):
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("X-Error-Message", message)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def hub(model_folder, tmp_path):
    """Run Python code in a process that takes the stand-in for the Hub; returns the finished process."""
    handler = type("Handler", (Hub,), {"folder": model_folder})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    environment = {
        **os.environ,
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path / "cache"),
        "HF_HUB_DISABLE_XET": "1",  # Xet uploads go to a server of their own
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_TOKEN": "hf_test",
    }

    def run(*arguments):
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)

    yield run
    server.shutdown()


def test_a_hub_id_loads_silently_and_equals_the_folder(hub, model_folder, tmp_path):
    code = "import sys, lotus_gan; lotus_gan.Generator.from_pretrained('user/model').save_pretrained(sys.argv[1])"
    done = hub("-c", code, tmp_path / "got")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (tmp_path / "got/model.safetensors").read_bytes() == (model_folder / "model.safetensors").read_bytes()


def test_an_unknown_id_is_told_plainly(hub):
    done = hub("-c", "from lotus_gan.hub import load_generator; load_generator('user/none')")
    assert "ModelError: 'user/none' is neither a folder here nor a model on the Hub" in done.stderr.splitlines()[-1]


def test_a_refused_push_loses_nothing(hub, pictures, tmp_path):
    out = tmp_path / "out"
    done = hub(
        "train.py", "--data", pictures, "--output", out, "--width", 1, "--batch-size", 2, "--n-critic", 1, "--steps", 1,
        "--device", "cpu", "--push-to-hub", "user/mine",
    )  # fmt: skip
    assert done.returncode == 2
    assert f"the model is safe in {out} but could not be pushed to 'user/mine'" in done.stderr
    assert "hf auth login" in done.stderr and "Traceback" not in done.stderr
    Generator.from_pretrained(out)


def test_a_push_without_network_loses_nothing(model_folder):
    """Nothing listens on the discard port."""
    code = "import sys; from lotus_gan.hub import push; push(sys.argv[1], 'user/mine')"
    environment = {**os.environ, "HF_ENDPOINT": "http://127.0.0.1:9", "HF_TOKEN": "hf_test"}
    command = [sys.executable, "-c", code, str(model_folder)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert f"ModelError: the model is safe in {model_folder} but could not be pushed" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ("", "no model given"),
        ("nowhere", "there is no folder 'nowhere'"),
        ("/nowhere/at/all", "there is no folder"),
        ("a/b/c", "there is no folder"),
        ("us er/mo del", "neither a folder here nor a model on the Hub"),
    ],
)
def test_names_that_cannot_be_models(model, message):
    with pytest.raises(ModelError, match=message):
        load_generator(model)


def test_a_folder_without_weights(model_folder, tmp_path):
    shutil.copy(model_folder / "config.json", tmp_path)
    with pytest.raises(ModelError, match=r"has no model\.safetensors"):
        load_generator(tmp_path)
