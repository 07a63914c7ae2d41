"""A run's folder to the Hub: at the end, by hand, or again and again while training goes on.

push("runs/mine", "user/lotus-gan", private=True)        # -> the address of the model's page
PushCallback(trainer, 1000, write_card, repo_id="user/lotus-gan")   # a callback of the trainer

What goes wrong is a HubError that says what, what to do, and the one command that pushes later; the folder is whole
whatever happens, and a push that was cut off is made good by the next one.
"""

import fnmatch
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from huggingface_hub import HfApi, constants, get_token, hf_hub_download
from huggingface_hub.errors import HFValidationError, HTTPError, LocalTokenNotFoundError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id
from tqdm import tqdm

from lotus_gan.errors import HubError, MissingDependency
from lotus_gan.models.hub import SIDECAR_FILES, first_line, load_generator
from lotus_gan.models.pretrained import read_config
from lotus_gan.publishing.card import write_usage
from lotus_gan.publishing.onnx import NAME as ONNX
from lotus_gan.publishing.onnx import write_onnx

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *("model.safetensors", "config.json", "README.md", "samples.webp", ONNX, "lotus_gan-*.whl"),
    *SIDECAR_FILES,  # an index of training pictures only where somebody has made it: it shows small copies of them
]
# what the client lets through: its HTTP library's errors, its own, a card that the Hub refuses, an uploading thread's
ERRORS = (HTTPError, OSError, ValueError, RuntimeError)
ADVICE = {
    401: "the Hub does not accept the token (401): make another at {hub}/settings/tokens, then `hf auth login`",
    402: "the Hub wants a subscription or a means of payment for this (402): see {hub}/pricing",
    403: "the token may not write to {repo} (403): take a name under your account, or a token with the role `write`",
    404: "the Hub has no {repo} that this token may see (404): look at the name and at the token's rights",
    409: "something else is being done to {repo} just now (409): try again in a minute",
    412: "somebody else has changed {repo} during the upload (412): try again",
    429: "the Hub has had too many requests from here (429): try again in a few minutes",
}


def push(
    folder: Path | str, repo_id: str, *, private: bool = False, branch: str | None = None, onnx: bool = True
) -> str:
    """Upload a run's folder to the Hub as a model and return its address. HubError says what to do otherwise.

    The repository is made where there is none (`private`: so that only its owner sees it), and so is the branch. Before
    the upload the folder gets model.onnx (see `export`), the wheel of this package, and a card that says how to use
    both; afterwards the branch holds these files as they are here.
    """
    check_id(repo_id)
    folder = Path(folder)
    load_generator(folder)  # nothing leaves the house that cannot be loaded
    try:
        url = _open(repo_id, private, branch)  # before the slow part: what is refused is refused at once
        _complete(folder, repo_id, branch, onnx)
        # one commit where Xet is off, several where it is on; either way a push that was cut off is completed by the
        # next, and what is no longer here (an old preview, a model.onnx of other weights) goes there, too
        HfApi().upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            revision=branch,
            allow_patterns=FILES,
            delete_patterns=FILES,
            commit_message="Upload of a Lotus GAN",
        )
        return url
    except HubError as error:
        raise HubError("text", text=f"{error}{_later(folder, repo_id, private, branch)}") from None
    except ERRORS as error:
        raise HubError("text", text=f"{explain(error, repo_id)}{_later(folder, repo_id, private, branch)}") from None


def _open(repo_id: str, private: bool, branch: str | None) -> str:
    """The address of the branch of a model's repository, both made where there are none."""
    api = HfApi()
    url = make_repo(api, repo_id, private)
    if branch:
        api.create_branch(repo_id, branch=branch, exist_ok=True)
    _refuse_foreign(api, repo_id, branch)
    return f"{url}/tree/{branch}" if branch else str(url)


def _complete(folder: Path, repo_id: str, branch: str | None, onnx: bool) -> None:
    """Put what is made for the Hub into the folder: model.onnx, the wheel, the card's lines that name both."""
    try:
        if onnx:
            write_onnx(folder)
    except MissingDependency as missing:
        print(f"pushed without the file for programs that have no PyTorch: {missing}", file=sys.stderr)
    try:
        write_wheel(folder)
    except MissingDependency as missing:
        print(f"pushed without this package: {missing}", file=sys.stderr)
    write_usage(folder, repo_id, branch)


def make_repo(api: HfApi, repo_id: str, private: bool, **kind) -> str:
    """The address of a repository, made where there is none. HubError if it should be private and is public."""
    url = api.create_repo(repo_id, private=private or None, exist_ok=True, **kind)
    if private and not api.repo_info(repo_id, repo_type=kind.get("repo_type")).private:
        raise HubError(
            "hub", text=f"{repo_id} is there and public: make it private in its settings, or take another name"
        )
    return url


def _refuse_foreign(api: HfApi, repo_id: str, branch: str | None) -> None:
    """HubError if the name is taken by something that this project has not made: it would be overwritten."""
    there = set(api.list_repo_files(repo_id, revision=branch)) - {".gitattributes"}
    if constants.CONFIG_NAME in there:
        try:
            read_config(Path(hf_hub_download(repo_id, constants.CONFIG_NAME, revision=branch)))
            return
        except ValueError:
            foreign = True
    else:  # new, or a first push that was cut off
        foreign = not all(any(fnmatch.fnmatch(path, pattern) for pattern in FILES) for path in there)
    if foreign:
        raise HubError(
            "hub", text=f"the name {repo_id} is taken by something that this project has not made: take another one"
        )


def write_wheel(folder: Path) -> None:
    """This package as it is here, for `pip install` by whoever finds the model: it is on no package index. The same
    sources give the same bytes. MissingDependency where it cannot be built."""
    for old in folder.glob("lotus_gan-*.whl"):
        old.unlink()
    if not (ROOT / "pyproject.toml").is_file():
        raise MissingDependency("text", text="its sources are not at hand: push from a clone of the repository")
    with tempfile.TemporaryDirectory() as temporary:
        sources = Path(temporary, "sources")
        shutil.copytree(ROOT / "lotus_gan", sources / "lotus_gan", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, sources)
        # setuptools is there, because torch requires it; it builds in the current folder of a process
        code = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
        environment = os.environ | {"SOURCE_DATE_EPOCH": "315532800"}  # 1980, where a ZIP's calendar begins
        command = [sys.executable, "-c", code, temporary]
        done = subprocess.run(command, cwd=sources, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise MissingDependency(
                "text", text=f"pip install 'setuptools>=77' ({done.stderr.strip().splitlines()[-1]})"
            )
        for wheel in Path(temporary).glob("*.whl"):
            shutil.copyfile(wheel, folder / wheel.name)


def check_id(repo_id: str) -> None:
    """HubError unless this can be the name of a repository."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise HubError("text", text=f"{repo_id!r} cannot be a name on the Hub: {first_line(error)}") from None
    if repo_id.count("/") != 1:
        raise HubError("text", text=f"{repo_id!r} cannot be a name on the Hub: it has the form user/name")


def ensure_repo(repo_id: str, private: bool = False, branch: str | None = None) -> None:
    """Before hours of training: make the repository, and say on stderr where the model will go or why a push would fail
    as things are. HubError for an impossible name."""
    check_id(repo_id)
    try:
        print(f"the model will be pushed to {_open(repo_id, private, branch)}", file=sys.stderr)
    except ERRORS as error:
        print(f"training starts, but a push would fail now: {explain(error, repo_id)}", file=sys.stderr)


def explain(error: Exception, repo_id: str) -> str:
    """What is wrong and what to do about it, in a sentence without its full stop."""
    while isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # the client's uploading threads wrap what has happened to them
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, LocalTokenNotFoundError) or (status == 401 and not get_token()):
        return "the Hub does not know you: log in with `hf auth login`, or set HF_TOKEN"
    if status in ADVICE:
        return ADVICE[status].format(repo=repo_id, hub=constants.ENDPOINT)
    if status is not None:
        return f"the Hub has a problem ({status}): try again later"
    if isinstance(error, HTTPError):
        return f"the Hub cannot be reached ({first_line(error)}): look at the network, then try again"
    return first_line(error)


def _later(folder: Path, repo_id: str, private: bool, branch: str | None) -> str:
    words = ["python", "-m", "lotus_gan", "push", "--model", str(folder), repo_id]
    words += ["--private"] * private + (["--branch", branch] if branch else [])
    return f".\nThe model is safe in {folder}. This pushes it later:\n{shlex.join(words)}"


class PushCallback:
    """Push a copy of the run's folder every so many steps, in a thread of its own: training neither waits nor ends.

    `write_card(figures)` comes first. A push that is due while one is under way is left out; one that fails is a line
    on the terminal. The library's own ways do not fit: `upload_folder(run_as_future=True)` reads the files while the
    run rewrites them, and its thread keeps a stopped program alive; CommitScheduler counts minutes, not steps.
    """

    def __init__(self, trainer, every: int, write_card: Callable[[dict], None], **options):
        self.trainer, self.every, self.write_card, self.options = trainer, every, write_card, options
        self.thread: threading.Thread | None = None

    def __call__(self) -> None:
        step = self.trainer.step_number
        if step % self.every or step == self.trainer.config.steps or (self.thread and self.thread.is_alive()):
            return
        output = self.trainer.output
        try:
            if self.trainer.model_folder == output:
                self.trainer.save_model(output)
            elif not (output / "model.safetensors").is_file():
                return  # the judge has not chosen one yet
            self.write_card({})
            copy = tempfile.TemporaryDirectory(prefix="lotus-push-", ignore_cleanup_errors=True)
            for pattern in set(FILES) - {ONNX}:  # which is of other weights, if it is there
                for path in output.glob(pattern):
                    target = Path(copy.name) / path.relative_to(output)
                    target.parent.mkdir(exist_ok=True)
                    shutil.copyfile(path, target)
        except (OSError, ValueError) as error:
            return self._complain(step, error)
        self.thread = threading.Thread(target=self._push, args=(copy, step), daemon=True)
        self.thread.start()

    def _push(self, copy: tempfile.TemporaryDirectory, step: int) -> None:
        disable_progress_bars()  # the terminal belongs to the training
        try:
            push(copy.name, onnx=False, **self.options)
        except Exception as error:  # whatever it is, training goes on
            self._complain(step, error)
        finally:
            copy.cleanup()

    def _complain(self, step: int, error: Exception) -> None:
        tqdm.write(f"step {step} has not been pushed: {first_line(error)}", file=sys.stderr)

    def finish(self) -> None:
        """Wait for the push that is under way."""
        if self.thread:
            self.thread.join()
