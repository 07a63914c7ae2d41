"""A repository of the stand-in for the Hub: its branches and what they hold."""

import hashlib
from dataclasses import dataclass, field

WRITE, READ = "hf_write", "hf_read"
STORED_APART = (".safetensors", ".onnx", ".webp", ".whl")  # Git LFS, by .gitattributes on the Hub
DROP = "drop"  # instead of a status: the connection ends without an answer


@dataclass
class Repo:
    """Branch -> path -> content, and a Space's secrets, variables and hardware."""

    private: bool = False
    branches: dict[str, dict[str, bytes]] = field(default_factory=lambda: {"main": {".gitattributes": b""}})
    secrets: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    hardware: str | None = None

    def at(self, revision: str) -> dict[str, bytes] | None:
        """The files of a branch, or of the commit that one is at."""
        for name, files in self.branches.items():
            if revision in (name, commit_of(files)):
                return files
        return None


def commit_of(files: dict[str, bytes]) -> str:
    """A commit is named after what it holds."""
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


def object_id(path: str, content: bytes) -> str:
    """What Git or Git LFS call a file's content."""
    if path.endswith(STORED_APART):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


class HTTPFailure(Exception):
    """(status, the Hub's code, the Hub's message)."""
