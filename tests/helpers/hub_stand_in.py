"""A stand-in for the Hugging Face Hub on loopback, for the real huggingface_hub client.

    with HubStandIn() as hub:
        subprocess.run(command, env=os.environ | hub.environment(tmp_path))    # the process takes it for the Hub
        hub.repos["model", "user/mine"].branches["main"]["README.md"]          # bytes
        hub.fail(r"POST .*/commit/", 500)                                      # the next such request only
        hub.stall(r"PUT /lfs/")                                                # half of the next upload arrives

One account, `user`, with a token that may write and one that may read. It speaks Git LFS, not Xet, which the client
would use without asking (HF_HUB_DISABLE_XET). What this project does not need is a 501.
"""

import re
import socket
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

from huggingface_hub import constants

from helpers.hub_handler import Handler
from helpers.hub_repo import WRITE, Repo


class HubStandIn:
    def __init__(self):
        self.repos: dict[tuple[str, str], Repo] = {}
        self.objects: dict[str, bytes] = {}  # Git LFS: sha256 -> content
        self.requests: list[str] = []  # "POST /api/repos/create", in order
        self.faults: list[list] = []  # [pattern, status or DROP, message, how many are left]
        self.stalled = threading.Event()  # set when half of an upload has arrived
        self.stalling: str | None = None
        self.stalled_connection: socket.socket
        self.lock = threading.Lock()
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": self}))
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *exception):
        self.server.shutdown()
        self.server.server_close()

    def environment(self, home: Path, token: str | None = WRITE) -> dict[str, str]:
        """The variables of a process that takes this for the Hub; its cache goes to `home`."""
        variables = {
            "HF_ENDPOINT": self.url,
            "HF_HOME": str(home),
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "HF_HUB_OFFLINE": "0",
        }
        return variables | {"HF_TOKEN": token or ""}

    def capture(self, monkeypatch, home: Path, token: str | None = WRITE) -> None:
        """This process takes it for the Hub: what `environment` says, for a client that is imported already."""
        monkeypatch.setattr(constants, "ENDPOINT", self.url)
        template = self.url + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
        monkeypatch.setenv("HF_TOKEN", token or "")

    def add_model(self, name: str, folder: Path, private: bool = False) -> Repo:
        """A model that is there already, with the files of a folder."""
        files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        repo = self.repos["model", name] = Repo(private)
        repo.branches["main"] |= files
        return repo

    def fail(self, pattern: str, status: int | str, message: str = "because the test says so", times: int = 1) -> None:
        """Answer the next `times` requests that match ("POST /api/repos/create") with `status`, or DROP them."""
        self.faults.append([re.compile(pattern), status, message, times])

    def stall(self, pattern: str) -> None:
        """Take half of the body of the next request that matches, then nothing more: `stalled` is set."""
        self.stalling = pattern

    def drop_stalled(self) -> None:
        """End the stalled connection without an answer."""
        self.stalled_connection.shutdown(socket.SHUT_RDWR)

    def fault(self, request: str) -> tuple[int | str, str] | None:
        with self.lock:
            self.requests.append(request)
            for fault in self.faults:
                if fault[3] and fault[0].match(request):
                    fault[3] -= 1
                    return fault[1], fault[2]
        return None
