"""Where images come from, with the real libraries: `datasets` against a few lines of HTTP on loopback, torchvision's
Flowers102 from an archive in its layout."""

import hashlib
import json
import os
import subprocess
import sys
import tarfile
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from PIL import Image
from torchvision.datasets import Flowers102

from lotus_gan.data.sources import load
from lotus_gan.errors import DataError

ROOT = Path(__file__).resolve().parents[2]
COMMIT = "0123456789" * 4


def save(path, color="red", size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)
    return path


def serve(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


# --- the Hub -------------------------------------------------------------------------------------------------------


class DataHub(BaseHTTPRequestHandler):
    """The folders in `folder` are the data sets of `user`; every other one does not exist."""

    folder: Path

    def do_HEAD(self):
        url = urlsplit(self.path)
        parts = unquote(url.path).strip("/").removeprefix("api/").split("/")
        repo = self.folder.joinpath(*parts[2:3])
        if parts[:2] != ["datasets", "user"] or not repo.is_dir():
            return self.answer(404, code="RepoNotFound")
        endpoint, *path = [*parts[3:4], *parts[5:]] or ["info"]
        file = repo.joinpath(*path)
        if not file.exists():
            return self.answer(404, code="EntryNotFound")
        if endpoint == "resolve":
            return self.answer(200, file.read_bytes())
        if endpoint == "tree":
            paths = sorted(file.rglob("*") if "recursive=true" in url.query else file.iterdir())
            return self.answer(200, json.dumps([self.entry(p, repo) for p in paths]).encode())
        self.answer(200, json.dumps({"id": "/".join(parts[1:3]), "sha": COMMIT, "siblings": []}).encode())

    do_GET = do_HEAD

    def entry(self, path, repo):
        kind = {"type": "directory"} if path.is_dir() else {"type": "file", "size": path.stat().st_size}
        return {"path": path.relative_to(repo).as_posix(), "oid": "0" * 40, **kind}

    def answer(self, status, body=b"", code=""):
        self.send_response(status)
        self.send_header("ETag", f'"{hashlib.md5(body).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    """Three data sets: images in folders, the same as a table, and a table without images. Load names in a process
    of its own, whose cache is kept from call to call: returns what came of each."""
    import datasets

    folder = tmp_path_factory.mktemp("hub")
    for name, color in (("pond/1.png", "red"), ("pond/2.png", "blue"), ("wood/1.png", "white")):
        save(folder / "flowers" / name, color)
    (folder / "flowers/wood/2.png").write_bytes(b"no image")
    columns = {"image": [str(p) for p in sorted((folder / "flowers").rglob("*.png"))] + [None], "size": [0, 1, 2, 3, 4]}
    table = datasets.Dataset.from_dict(columns).cast_column("image", datasets.Image())
    table.to_parquet(folder / "table/data/train-00000-of-00001.parquet")
    (folder / "words").mkdir()
    (folder / "words/train.csv").write_text("size\n3\n")

    server = serve(type("Handler", (DataHub,), {"folder": folder}))
    environment = os.environ | {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(folder / "cache"),
        "HF_HUB_DISABLE_XET": "1",
        "PYTHONPATH": str(ROOT),
    }
    code = """if True:
        import json, sys
        from lotus_gan.data.sources import load
        from lotus_gan.errors import DataError
        for name in sys.argv[1:]:
            try:
                data = load(name)
                colours = data.images.float().mean((2, 3)).int().tolist()
                print(json.dumps([data.names, colours, data.skipped]))
            except DataError as error:
                print(json.dumps(str(error)))
    """

    def run(*names, **more):
        command = [sys.executable, "-c", code, *names]
        done = subprocess.run(
            command, env=environment | more, cwd=folder / "words", capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    yield run
    server.shutdown()


RED, BLUE, WHITE = [255, 0, 0], [0, 0, 255], [255, 255, 255]


@pytest.mark.slow
def test_data_sets_of_the_hub(hub):
    """Online, then without network: what has been fetched once stays readable."""
    folders, table, words, nowhere = hub("user/flowers", "user/table", "user/words", "user/nowhere")
    names, colours, skipped = folders
    assert names == ["pond/row 0 1.png", "pond/row 1 2.png", "wood/row 2 1.png"] and colours == [RED, BLUE, WHITE]
    assert skipped == [["wood/row 3 2.png", "not an image in a format that we read, whatever its name says"]]
    names, colours, skipped = table
    assert names == ["row 0 1.png", "row 1 2.png", "row 2 1.png"] and colours == [RED, BLUE, WHITE]
    assert [name for name, _ in skipped] == ["row 3 2.png", "row 4"] and skipped[1][1] == "the file is empty"
    assert "no column holds images, only size" in words
    assert "there is no folder 'user/nowhere'" in nowhere and "`hf auth login`" in nowhere
    again, nowhere = hub("user/table", "user/nowhere", HF_HUB_OFFLINE="1")
    assert again == table
    assert "no data set from the Hub: Couldn't reach 'user/nowhere'" in nowhere


def test_without_the_library_it_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(DataError, match=r"no folder 'user/flowers'; .* `pip install datasets`"):
        load("user/flowers")


@pytest.mark.parametrize("name", ["user/flowers", "flowers102"])
def test_a_local_folder_wins(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / name / "a.png")
    assert load(name).names == ["a.png"]


@pytest.mark.parametrize("name", ["nowhere", "./user/flowers", "/nowhere/flowers", "a/b/c", "", "C:\\photos", "../x"])
def test_what_is_neither_says_what_can_be_given(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"there is no folder .*user/name.*flowers102:lotus"):
        load(name)


# --- Flowers102 ----------------------------------------------------------------------------------------------------


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture
def flowers102(tmp_path, monkeypatch):
    """Six images in torchvision's layout: the addresses and sums are ours, all else is torchvision's."""
    from scipy.io import savemat

    lotus, lily = Flowers102.classes.index("lotus") + 1, Flowers102.classes.index("water lily") + 1
    site = tmp_path / "site"
    for i, color in enumerate(("red", "lime", "blue", "red", "lime", "blue"), 1):
        save(site / f"jpg/image_{i:05d}.jpg", color)
    with tarfile.open(site / "102flowers.tgz", "w:gz") as archive:
        archive.add(site / "jpg", "jpg")
    savemat(site / "imagelabels.mat", {"labels": [[lotus, lily, lotus, lily, lily, lotus]]})
    savemat(site / "setid.mat", {"trnid": [[6, 2]], "valid": [[3, 5]], "tstid": [[1, 4]]})
    files = {
        key: (name, hashlib.md5((site / name).read_bytes()).hexdigest())
        for key, (name, _) in Flowers102._file_dict.items()
    }
    monkeypatch.setattr(Flowers102, "_file_dict", files)
    server = serve(partial(Quiet, directory=site))
    monkeypatch.setattr(Flowers102, "_download_url_prefix", f"http://127.0.0.1:{server.server_port}/")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "cache"))
    yield
    server.shutdown()


def test_one_class_of_flowers102_from_all_its_splits(flowers102):
    data = load("flowers102:lotus")
    assert data.names == [f"lotus/image_{i:05d}.jpg" for i in (1, 3, 6)]
    means = data.images.float().mean((2, 3))
    assert means.argmax(1).tolist() == [0, 2, 2]  # red, blue, blue
    classes = [Path(name).parent.name for name in load("flowers102").names]
    assert classes == ["lotus", "water lily", "lotus", "water lily", "water lily", "lotus"]


def test_an_unknown_class_is_told_the_names(flowers102):
    with pytest.raises(DataError, match=r"no class 'rosa'; it has pink primrose, .*, rose, .*, blackberry lily"):
        load("flowers102:rosa")


def test_flowers102_without_network_or_scipy(flowers102, monkeypatch):
    monkeypatch.setattr(Flowers102, "_download_url_prefix", "http://127.0.0.1:9/")
    with pytest.raises(DataError, match=r"flowers102 could not be downloaded to .*Connection refused"):
        load("flowers102:lotus")
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(DataError, match="`pip install scipy`"):
        load("flowers102:lotus")
