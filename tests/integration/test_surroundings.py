"""The page's server where a computer is not as usual: a proxy in the environment, no network, nothing to write to."""

import subprocess
import sys

import httpx
import pytest
from helpers.app_server import ROOT, copy_of_the_app, running_app, save_colourful_model
from helpers.calls import call, functions

NOBODY = "http://127.0.0.1:9"  # the port "discard"

# in a namespace of its own, where nothing but its own loopback answers and a few folders cannot be written
ALONE = """
import fcntl, os, socket, struct, subprocess, sys
from pathlib import Path

folder, read_only, tests = Path(sys.argv[1]), sys.argv[2:-1], sys.argv[-1]
with socket.socket() as probe:  # ip link set lo up
    fcntl.ioctl(probe, 0x8914, struct.pack("16sh14x", b"lo", 0x1 | 0x40))
for path in read_only:
    subprocess.run(["mount", "--bind", path, path], check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", path], check=True)
    try:
        Path(path, "written").touch()
    except OSError:
        continue
    sys.exit(f"{path} can be written")
sys.path[:0] = [tests, str(Path(tests).parent)]
from helpers.app_server import running_app
from helpers.calls import call, functions
import httpx

os.environ["HOME"] = os.environ["HF_HOME"] = read_only[-1]
site = Path(read_only[0])
os.chdir(site)
with running_app(folder, None, site, HF_HUB_OFFLINE="0") as app, httpx.Client(base_url=app.url, timeout=60) as client:
    ids = {function["api_name"]: function["id"] for function in functions(app.url)}
    walk = ["3,7", 1, False, "lotus"]
    for name, data in {"fill": [8, 1, 1, "lotus"], "show": walk, "make_loop": [*walk, "mp4", 256]}.items():
        said = call(client, ids[name], data)["error"]
        assert not said, (name, said)
    said = call(client, ids["load"], ["user/somewhere"])["error"]
    assert "user/somewhere" in said and "bug of ours" not in said, said
log = app.log.read_text()
assert "Traceback" not in log, log
print("it works")
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_colourful_model(tmp_path_factory.mktemp("lotus"))


def test_a_proxy_in_the_environment(tmp_path, model):
    """Gradio asks its own server whether it is up; that goes through no proxy."""
    proxies = {"http_proxy": NOBODY, "HTTPS_PROXY": NOBODY, "ALL_PROXY": NOBODY}
    with running_app(tmp_path, model, **proxies) as app, httpx.Client(base_url=app.url, timeout=60) as client:
        ids = {function["api_name"]: function["id"] for function in functions(app.url)}
        assert call(client, ids["fill"], [1, 1, 1, model.name])["error"] == ""
    assert "Traceback" not in app.log.read_text()


def test_without_network_and_without_write_access_but_to_its_temporary_folder(tmp_path, model):
    """As a Space that is locked down: a checkout and a home that cannot be written, and no way out."""
    if subprocess.run(["unshare", "-rnm", "true"], capture_output=True).returncode:
        pytest.skip("this system lets nobody have a namespace of his own")
    site, home = copy_of_the_app(tmp_path, lotus=model), tmp_path / "home"
    home.mkdir()
    (tmp_path / "files").mkdir()
    command = ["unshare", "-rnm", sys.executable, "-c", ALONE, tmp_path / "files", site, home, ROOT / "tests"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=200)
    assert done.stdout == "it works\n", done.stdout + done.stderr
