"""The requests that the stand-in for the Hub answers."""

import base64
import hashlib
import json
import re
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import yaml

from helpers.hub_repo import DROP, READ, STORED_APART, WRITE, HTTPFailure, Repo, commit_of, object_id

if TYPE_CHECKING:
    from helpers.hub_stand_in import HubStandIn


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: "HubStandIn"

    def handle_request(self):
        path = urlsplit(self.path).path  # still quoted: a branch may have slashes
        if self.hub.stalling and re.match(self.hub.stalling, f"{self.command} {path}"):
            return self.swallow_half()
        body = self.read_body()
        fault = self.hub.fault(f"{self.command} {path}")
        try:
            if fault and fault[0] == DROP:
                self.close_connection = True
                return
            if fault:
                raise HTTPFailure(fault[0], "", fault[1])
            self.route(path, body)
        except HTTPFailure as failure:
            status, code, message = failure.args
            self.answer({"error": message}, status, {"X-Error-Code": code, "X-Error-Message": message})

    do_GET = do_HEAD = do_POST = do_PUT = handle_request

    def read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def swallow_half(self):
        self.hub.stalling = None
        self.rfile.read(max(1, int(self.headers.get("Content-Length", 2)) // 2))
        self.hub.stalled_connection = self.connection
        self.hub.stalled.set()
        self.rfile.read()  # until the other side is gone
        self.close_connection = True

    def answer(self, content, status: int = 200, headers: dict[str, str] | None = None):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass

    # --- permissions ---------------------------------------------------------------------------------------------

    def may_write(self) -> None:
        if not self.known():
            raise HTTPFailure(401, "", "Invalid username or password.")
        if self.headers["Authorization"] != f"Bearer {WRITE}":
            raise HTTPFailure(403, "", "You don't have the rights to write here")

    def known(self) -> bool:
        """Whether there is a token; one that the Hub does not know is a 401."""
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token and token not in (WRITE, READ):
            raise HTTPFailure(401, "", "Invalid credentials in Authorization header")
        return bool(token)

    def repo(self, kind: str, name: str) -> Repo:
        repo = self.hub.repos.get((kind, name))
        if repo is None or (repo.private and not self.known()):
            raise HTTPFailure(404 if self.known() else 401, "RepoNotFound", "Repository not found")
        return repo

    def files(self, kind: str, name: str, revision: str) -> dict[str, bytes]:
        files = self.repo(kind, name).at(revision)
        if files is None:
            raise HTTPFailure(404, "RevisionNotFound", f"Invalid rev id: {revision}")
        return files

    # --- the routes -----------------------------------------------------------------------------------------------

    def route(self, path: str, body: bytes):
        method = "GET" if self.command == "HEAD" else self.command
        for verb, pattern, function in ROUTES:
            found = re.fullmatch(pattern, path)
            if found and verb == method:
                return function(self, body, *(unquote(part) if part else part for part in found.groups()))
        raise HTTPFailure(501, "", f"the stand-in has no {method} {path}")

    def whoami(self, body):
        if not self.known():
            raise HTTPFailure(401, "", "Invalid username or password.")
        self.answer({"type": "user", "name": "user", "orgs": []})

    def create(self, body):
        self.may_write()
        wanted = json.loads(body)
        kind, name = wanted.get("type", "model"), f"{wanted['organization']}/{wanted['name']}"
        if wanted["organization"] != "user":
            raise HTTPFailure(403, "", f"You don't have the rights to create a {kind} under the namespace")
        prefix = "" if kind == "model" else f"{kind}s/"
        if (kind, name) in self.hub.repos:
            return self.answer({"error": "You already created it", "url": f"{self.hub.url}/{prefix}{name}"}, 409)
        self.hub.repos[kind, name] = Repo(
            private=wanted.get("visibility") == "private", hardware=wanted.get("hardware")
        )
        self.answer({"url": f"{self.hub.url}/{prefix}{name}", "id": name})

    def validate_yaml(self, body):
        """Only what a parser sees; the Hub's own rules are not public."""
        content = json.loads(body)["content"]
        errors = []
        try:
            if not isinstance(yaml.safe_load(content.split("---\n")[1]), dict):
                raise ValueError("no metadata")
        except (ValueError, IndexError, yaml.YAMLError) as error:
            errors = [{"message": str(error)}]
        self.answer({"errors": errors, "warnings": []}, 400 if errors else 200)

    def info(self, body, kind, name, revision="main"):
        files = self.files(kind, name, revision)
        siblings = [{"rfilename": path} for path in files]
        known = {"id": name, "sha": commit_of(files), "private": self.repo(kind, name).private, "siblings": siblings}
        if hardware := self.repo(kind, name).hardware:
            known["runtime"] = {"stage": "RUNNING", "hardware": {"current": hardware, "requested": hardware}}
        self.answer(known | {"tags": [], "downloads": 0, "likes": 0})

    def tree(self, body, kind, name, revision):
        files = self.files(kind, name, revision)
        self.answer(
            [{"type": "file", "path": p, "size": len(c), "oid": object_id(p, c)} for p, c in sorted(files.items())]
        )

    def branch(self, body, kind, name, branch):
        self.may_write()
        branches = self.repo(kind, name).branches
        if branch in branches:
            raise HTTPFailure(409, "", "Reference already exists")
        branches[branch] = dict(branches["main"])
        self.answer({})

    def preupload(self, body, kind, name, revision):
        self.may_write()
        there = self.files(kind, name, revision)
        answers = []
        for file in json.loads(body)["files"]:
            mode = "lfs" if file["path"].endswith(STORED_APART) else "regular"
            known = there.get(file["path"])
            oid = None if known is None else object_id(file["path"], known)
            answers.append({"path": file["path"], "uploadMode": mode, "shouldIgnore": False, "oid": oid})
        self.answer({"files": answers})

    def lfs_batch(self, body, name):
        self.may_write()
        objects = json.loads(body)["objects"]
        for item in objects:
            if item["oid"] not in self.hub.objects:
                item["actions"] = {"upload": {"href": f"{self.hub.url}/lfs/{item['oid']}"}}
        self.answer({"transfer": "basic", "objects": objects})

    def lfs_put(self, body, oid):
        if hashlib.sha256(body).hexdigest() != oid:
            raise HTTPFailure(400, "", "the content is not what was announced")
        self.hub.objects[oid] = body
        self.answer({})

    def commit(self, body, kind, name, branch):
        self.may_write()
        files = dict(self.files(kind, name, branch))
        for line in map(json.loads, body.splitlines()):
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        self.repo(kind, name).branches[branch] = files
        self.answer({"commitUrl": f"{self.hub.url}/{name}/commit/{commit_of(files)}", "commitOid": commit_of(files)})

    def setting(self, body, name, what):
        self.may_write()
        given = json.loads(body)
        getattr(self.repo("space", name), what)[given["key"]] = given["value"]
        self.answer({})

    def resolve(self, body, prefix, name, revision, path):
        files = self.files(prefix[:-2] if prefix else "model", name, revision)
        commit = {"X-Repo-Commit": commit_of(files)}
        if path not in files:
            message = {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found"}
            return self.answer({}, 404, commit | message)
        self.answer(files[path], headers=commit | {"ETag": f'"{object_id(path, files[path])}"'})


_REPO = r"/api/(model|dataset|space)s/([^/]+/[^/]+)"
_NAME = r"([^/]+/[^/]+?)"
ROUTES = [
    ("GET", "/api/whoami-v2", Handler.whoami),
    ("POST", "/api/repos/create", Handler.create),
    ("POST", "/api/validate-yaml", Handler.validate_yaml),
    ("GET", _REPO, Handler.info),
    ("GET", _REPO + r"/revision/(.+)", Handler.info),
    ("GET", _REPO + r"/tree/([^/]+)/?", Handler.tree),
    ("POST", _REPO + r"/branch/(.+)", Handler.branch),
    ("POST", _REPO + r"/preupload/(.+)", Handler.preupload),
    ("POST", _REPO + r"/commit/(.+)", Handler.commit),
    ("POST", rf"/api/spaces/{_NAME}/(secrets|variables)", Handler.setting),
    ("POST", rf"/(?:(?:spaces|datasets)/)?{_NAME}\.git/info/lfs/objects/batch", Handler.lfs_batch),
    ("PUT", r"/lfs/(\w+)", Handler.lfs_put),
    ("GET", rf"/((?:spaces|datasets)/)?{_NAME}/resolve/([^/]+)/(.+)", Handler.resolve),
]
