"""What every command shares with the terminal: the log, errors and exit codes, Ctrl-C."""

import logging
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from tqdm import tqdm

from lotus_gan.errors import LotusGANError, TrainingError

INTERRUPTED = 130  # what a shell expects after Ctrl-C


def run_command(prog: str, command: Callable[[], None], interrupted: str, output: Path | str | None = None) -> int:
    """Run a command and return its exit code: 0 done, 1 training has diverged, 2 wrong input, 130 Ctrl-C.

    An error becomes one message on stderr. interrupted: the one after Ctrl-C. output: named where a file cannot be
    written and the error has no file name.
    """
    print_log()
    try:
        command()
    except TrainingError as error:
        print(f"{prog}: {error}", file=sys.stderr)
        return 1
    except LotusGANError as error:
        print(f"{prog}: error: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"{prog}: error: {error.filename or output}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"\n{prog}: {interrupted}", file=sys.stderr)
        return INTERRUPTED
    return 0


def print_log() -> None:
    """Print what the library logs, as it is: what happens to stdout, warnings to stderr."""
    if hasattr(sys.stdout, "reconfigure"):
        # a file's name may hold what this terminal cannot show; a reader at the other end of a pipe sees each line
        sys.stdout.reconfigure(errors="backslashreplace", line_buffering=True)
    logger = logging.getLogger("lotus_gan")
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.handlers = [_Terminal()]


class _Terminal(logging.Handler):
    """Above a progress bar, not through it."""

    def emit(self, record: logging.LogRecord) -> None:
        stream = sys.stdout if record.levelno < logging.WARNING else sys.stderr
        try:
            tqdm.write(record.getMessage(), file=stream)
        except BrokenPipeError:  # who read this has seen enough, as `head` has: the work goes on
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class StopOnSignals:
    """Remembers Ctrl-C, a kill or a closed terminal, so that a step is never cut in half; a second one cuts.

    Not where a launcher started this process: it passes on the signal that the terminal has sent already, and cuts by
    itself after half a minute.
    """

    def __init__(self) -> None:
        self.received: list[int] = []
        self.launched = False

    def start(self, launched: bool) -> None:
        """Listen from now on."""
        self.launched = launched
        for number in (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", None)):
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:  # nohup ignores a closed terminal
                signal.signal(number, self._remember)

    def __call__(self) -> bool:
        """Whether a signal has arrived."""
        return bool(self.received)

    def end(self) -> None:
        """Ctrl-C cuts again: nothing is left to be saved."""
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def _remember(self, number: int, frame: object) -> None:
        self.received.append(number)
        if self.launched:
            return
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
        print("\nstopping after this step and saving ...", file=sys.stderr)
