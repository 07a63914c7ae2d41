"""A run's folder to the Hub: at the end, by hand, or again and again while training goes on.

push("runs/mine", "user/lotus-gan", private=True)        # -> the address of the model's page
PushCallback(trainer, 1000, write_card, repo_id="user/lotus-gan")   # a callback of the trainer

A failed push is a HubError that says what to do, and the command that pushes later. The run's folder stays complete,
and the next push completes one that was interrupted.
"""

import fnmatch
import logging
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from huggingface_hub import HfApi, constants, get_token, hf_hub_download
from huggingface_hub.errors import HFValidationError, HTTPError, LocalTokenNotFoundError
from huggingface_hub.utils import disable_progress_bars, validate_repo_id

from lotus_gan.errors import MESSAGES, HubError, MissingDependency
from lotus_gan.models.hub import SIDECAR_FILES, first_line, load_generator
from lotus_gan.models.pretrained import CRITIC, read_config
from lotus_gan.publishing.card import write_usage
from lotus_gan.publishing.onnx import NAME as ONNX
from lotus_gan.publishing.onnx import write_onnx

ROOT = Path(__file__).resolve().parents[2]
FILES = [
    *("model.safetensors", "config.json", CRITIC, "README.md", "samples.webp", ONNX, "lotus_gan-*.whl"),
    *SIDECAR_FILES,  # an index of training images only if the user has written one: it shows thumbnails of them
]
# what the client raises: its HTTP library's errors, its own, one for an invalid card, one for an uploading thread
ERRORS = (HTTPError, OSError, ValueError, RuntimeError)
logger = logging.getLogger(__name__)


def push(
    folder: Path | str, repo_id: str, *, private: bool = False, branch: str | None = None, onnx: bool = True
) -> str:
    """Upload a run's folder to the Hub as a model and return its URL. HubError says what to do if that fails.

    The repository (`private`: visible to its owner only) and the branch are created if need be. Before the upload the
    folder gets model.onnx (if `onnx`, see `write_onnx`), the wheel of this package, and a card with usage; afterwards
    the branch holds these files as they are here. ModelError if the folder is not a model's.
    """
    check_id(repo_id)
    folder = Path(folder)
    load_generator(folder)  # only what can be loaded is uploaded
    try:
        url = _ensure(repo_id, private, branch)  # before the slow part, so that an error comes at once
        _complete(folder, repo_id, branch, onnx)
        # one commit where Xet is off, several where it is on; either way an interrupted push is completed by the next,
        # and what is no longer here (an old preview, a model.onnx of other weights) is deleted there, too
        HfApi().upload_folder(
            repo_id=repo_id,
            folder_path=folder,
            revision=branch,
            allow_patterns=FILES,
            delete_patterns=FILES,
            commit_message="Upload of a Lotus GAN",
        )
        return url
    except ERRORS as error:  # HubError is one of them
        command = _command(folder, repo_id, private, branch)
        raise HubError("push_failed", detail=explain(error, repo_id), folder=folder, command=command) from None


def _ensure(repo_id: str, private: bool, branch: str | None) -> str:
    """The URL of the branch of a model's repository, both created if need be."""
    api = HfApi()
    url = make_repo(api, repo_id, private)
    if branch:
        api.create_branch(repo_id, branch=branch, exist_ok=True)
    _check_owner(api, repo_id, branch)
    return f"{url}/tree/{branch}" if branch else str(url)


def _complete(folder: Path, repo_id: str, branch: str | None, onnx: bool) -> None:
    """Write what only the Hub needs into the folder: model.onnx, the wheel, and the usage of both in the card."""
    try:
        if onnx:
            write_onnx(folder)
    except MissingDependency as missing:
        logger.warning("pushed without the file for programs that have no PyTorch: %s", missing)
    try:
        write_wheel(folder)
    except MissingDependency as missing:
        logger.warning("pushed without this package: %s", missing)
    write_usage(folder, repo_id, branch)


def make_repo(api: HfApi, repo_id: str, private: bool, **kind: Any) -> str:
    """The URL of a repository, which is created if need be. HubError if it should be private and is public.

    `kind` goes to `HfApi.create_repo`: repo_type, space_sdk.
    """
    url = api.create_repo(repo_id, private=private or None, exist_ok=True, **kind)
    if private and not api.repo_info(repo_id, repo_type=kind.get("repo_type")).private:
        raise HubError("not_private", repo=repo_id)
    return url


def _check_owner(api: HfApi, repo_id: str, branch: str | None) -> None:
    """HubError if the repository holds something else than a model of this project: it would be overwritten."""
    there = set(api.list_repo_files(repo_id, revision=branch)) - {".gitattributes"}
    if constants.CONFIG_NAME in there:
        try:
            read_config(Path(hf_hub_download(repo_id, constants.CONFIG_NAME, revision=branch)))
            return
        except ValueError:
            foreign = True
    else:  # new, or a first push that was interrupted
        foreign = not all(any(fnmatch.fnmatch(path, pattern) for pattern in FILES) for path in there)
    if foreign:
        raise HubError("name_taken", repo=repo_id)


def write_wheel(folder: Path) -> None:
    """Write this package as it is here as a wheel, because no package index has it, for users of the model.

    The same sources give the same bytes; an older wheel is removed. MissingDependency where it cannot be built.
    """
    for old in folder.glob("lotus_gan-*.whl"):
        old.unlink()
    if not (ROOT / "pyproject.toml").is_file():
        raise MissingDependency("no_sources")
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
            said = done.stderr.strip().splitlines() or [f"it ended with exit code {done.returncode}"]
            raise MissingDependency("no_setuptools", detail=said[-1])
        for wheel in Path(temporary).glob("*.whl"):
            shutil.copyfile(wheel, folder / wheel.name)


def check_id(repo_id: str) -> None:
    """HubError unless this can be the name of a repository, user/name."""
    try:
        validate_repo_id(repo_id)
    except HFValidationError as error:
        raise HubError("bad_repo_id", repo=repo_id, detail=first_line(error)) from None
    if repo_id.count("/") != 1:
        raise HubError("bad_repo_id", repo=repo_id, detail="it has the form user/name")


def ensure_repo(repo_id: str, private: bool = False, branch: str | None = None) -> None:
    """Before hours of training: create the repository, and log where the model will be pushed to.

    Why a push would fail now is a warning, and training can start all the same. HubError for an impossible name.
    """
    check_id(repo_id)
    try:
        logger.info("the model will be pushed to %s", _ensure(repo_id, private, branch))
    except ERRORS as error:
        logger.warning("training starts, but a push would fail now: %s", explain(error, repo_id))


def explain(error: Exception, repo_id: str) -> HubError:
    """An error of the Hub's client as one that says what to do about it, in a sentence without its full stop."""
    if isinstance(error, HubError):
        return error
    while isinstance(error, RuntimeError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # the client's uploading threads wrap what has happened to them
    status = getattr(getattr(error, "response", None), "status_code", None)
    if isinstance(error, LocalTokenNotFoundError) or (status == 401 and not get_token()):
        return HubError("hub_no_token")
    if f"hub_{status}" in MESSAGES:
        return HubError(f"hub_{status}", repo=repo_id, hub=constants.ENDPOINT)
    if status is not None:
        return HubError("hub_problem", status=status)
    return HubError("hub_unreachable" if isinstance(error, HTTPError) else "hub_failed", detail=first_line(error))


def _command(folder: Path, repo_id: str, private: bool, branch: str | None) -> str:
    """The command that pushes a folder."""
    words = ["python", "-m", "lotus_gan", "push", "--model", str(folder), repo_id]
    words += ["--private"] * private + (["--branch", branch] if branch else [])
    return shlex.join(words)


class PushCallback:
    """Push a copy of the run's folder every so many steps, in a thread, so that training does not wait.

    trainer: a `Trainer`. every: steps between two pushes. write_card: called before each.
    options: repo_id, private, branch of `push`. A push that is due while another is running is skipped; one that fails
    is logged, and training goes on.

    huggingface_hub's own ways do not fit: `upload_folder(run_as_future=True)` reads the files while the run rewrites
    them, and its thread keeps a stopped program alive; CommitScheduler counts minutes, not steps.
    """

    def __init__(self, trainer: Any, every: int, write_card: Callable[[], None], **options: Any):
        self.trainer, self.every, self.write_card, self.options = trainer, every, write_card, options
        self.thread: threading.Thread | None = None

    def on_step(self) -> None:
        """Start a push if one is due."""
        step = self.trainer.step_number
        if step % self.every or step == self.trainer.config.steps or (self.thread and self.thread.is_alive()):
            return
        output = self.trainer.output
        try:
            if self.trainer.last_folder == output:
                self.trainer.save_model(output)
            elif not (output / "model.safetensors").is_file():
                return  # no model has been evaluated yet
            self.write_card()
            copy = tempfile.TemporaryDirectory(prefix="lotus-push-", ignore_cleanup_errors=True)
            for pattern in set(FILES) - {ONNX}:  # which is of other weights, if it is there
                for path in output.glob(pattern):
                    target = Path(copy.name) / path.relative_to(output)
                    target.parent.mkdir(exist_ok=True)
                    shutil.copyfile(path, target)
        except (OSError, ValueError) as error:
            self._log(step, error)
            return
        self.thread = threading.Thread(target=self._push, args=(copy, step), daemon=True)
        self.thread.start()

    def on_end(self) -> None:
        """Nothing: the last push is made by `push`, after the final card."""

    def _push(self, copy: tempfile.TemporaryDirectory, step: int) -> None:
        disable_progress_bars()  # the terminal shows that of training
        try:
            push(copy.name, onnx=False, **self.options)
        except Exception as error:  # whatever it is, training goes on
            self._log(step, error)
        finally:
            copy.cleanup()

    def _log(self, step: int, error: Exception) -> None:
        logger.warning("step %d has not been pushed: %s", step, first_line(error))

    def finish(self) -> None:
        """Wait for a push that is running."""
        if self.thread:
            self.thread.join()
