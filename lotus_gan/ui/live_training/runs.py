"""Whose turn it is to train: one run at a time in a process of its own, the others in a line; files of each visitor.

runs = Runs(seconds=180)
with runs.place("session", "client"):       # at the end of the line; UsageError if it is full
    run = runs.new("session", "mine", [("a.jpg", "/tmp/a.jpg"), ...])
    while runs.ahead("session"): ...
    with runs.turn(run) as process: ...

All of it is called from the event loop of the page, so that nothing needs a lock, and nothing here waits.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from gradio.utils import get_upload_folder

from lotus_gan.errors import UsageError
from lotus_gan.ui.live_training import worker

PLACES = 10  # in the line, with the run that is going on: half an hour
PLACES_OF_A_CLIENT = 5  # a class in a school has one address
KEPT = 3600  # s for which a run's files are kept
MAX_KEPT = 40  # runs: 3 MB each
ROOT = Path(__file__).resolve().parents[3]


class Run:
    """What one visitor trains: its files in a folder with a random name, and the last words of its process.

    source: whose images they are. report: what the process has said so far, see `worker`. stop: whether the visitor has
    asked for the end.
    """

    def __init__(self, source: str, files: Sequence[tuple[str, str]]):
        self.source = source
        self._folder = tempfile.TemporaryDirectory(prefix="own-", dir=get_upload_folder(), ignore_cleanup_errors=True)
        self.folder = Path(self._folder.name)
        (self.folder / "files.json").write_text(json.dumps(files), encoding="utf-8")
        self.report: dict[str, Any] = {"files": len(files)}
        self.stop = False

    @property
    def has_state(self) -> bool:
        """Whether it can go on."""
        return (self.folder / worker.STATE).exists()

    @property
    def model(self) -> Path:
        """The file of the trained generator."""
        return self.folder / worker.MODEL

    @contextmanager
    def process(self, seconds: float) -> Iterator[subprocess.Popen]:
        """The process that trains for so long, whose lines are taken into `report`; killed on leaving."""
        command = [sys.executable, "-m", worker.__name__, str(self.folder), str(seconds)]
        paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
        priority = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # Windows; elsewhere the process sees to it
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, creationflags=priority
        )
        self.report.pop("saved", None)
        thread = threading.Thread(target=self._read, args=[process.stdout], daemon=True)
        thread.start()
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            thread.join()
            for pipe in filter(None, (process.stdin, process.stdout)):
                pipe.close()

    def _read(self, lines: Any) -> None:
        for line in lines:
            try:
                self.report = self.report | json.loads(line)
            except ValueError:  # a line that was cut off with its process
                break

    def delete(self) -> None:
        """Delete its files."""
        self._folder.cleanup()


class Runs:
    """The line and the run of each visitor (a session of the page). seconds: how long a turn is."""

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._began = 0.0  # when the last turn began, in the event loop's time
        self._line: dict[str, str] = {}  # session: client, the first one trains
        self._runs: dict[str, Run] = {}

    def new(self, session: str, source: str, files: Sequence[tuple[str, str]]) -> Run:
        """A run for a visitor, in the place of his last one. The oldest one goes where too many are kept."""
        self.delete(session)
        idle = [other for other in self._runs if other not in self._line]
        if len(self._runs) >= MAX_KEPT and idle:
            self.delete(idle[0])
        run = self._runs[session] = Run(source, files)
        asyncio.get_running_loop().call_later(KEPT, self._expire, session, run)
        return run

    def get(self, session: str) -> Run | None:
        """A visitor's run, None if he has none or if it is over an hour old."""
        return self._runs.get(session)

    def delete(self, session: str) -> None:
        """Delete a visitor's run and its files."""
        if run := self._runs.pop(session, None):
            run.delete()

    def _expire(self, session: str, run: Run) -> None:
        if session in self._line:  # he has gone on with it: when his turn is over
            asyncio.get_running_loop().call_later(self.seconds, self._expire, session, run)
        elif self._runs.get(session) is run:
            self.delete(session)

    def place(self, session: str, client: str) -> AbstractContextManager[None]:
        """A place at the end of the line, until leaving. UsageError if the visitor has one, or if there is none."""
        if session in self._line:
            raise UsageError("live_twice")
        if len(self._line) >= PLACES:
            raise UsageError("live_full", places=PLACES)
        if list(self._line.values()).count(client) >= PLACES_OF_A_CLIENT:
            raise UsageError("live_full_of_client", places=PLACES_OF_A_CLIENT)
        return self._place(session, client)

    @contextmanager
    def _place(self, session: str, client: str) -> Iterator[None]:
        self._line[session] = client
        try:
            yield
        finally:
            del self._line[session]

    def turn(self, run: Run) -> AbstractContextManager[subprocess.Popen]:
        """The turn of the first in the line: the process of his run."""
        self._began = asyncio.get_running_loop().time()
        return run.process(self.seconds)

    def ahead(self, session: str) -> int:
        """How many are before a visitor in the line; 0: it is his turn."""
        return list(self._line).index(session)

    def wait(self, session: str) -> float:
        """How long a visitor waits at most, in seconds, where each one takes a whole turn."""
        left = self.seconds - (asyncio.get_running_loop().time() - self._began)
        return max(0.0, left) + self.seconds * (self.ahead(session) - 1)
