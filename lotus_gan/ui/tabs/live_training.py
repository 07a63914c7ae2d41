"""The tab Train it yourself: a small WGAN-GP learns from a visitor's images while he watches.

Training runs in a process of its own (ui/live_training), one at a time. The handlers are coroutines of the page's event
loop: a visitor who waits costs no thread, and one who leaves is taken out of the line when Gradio closes his generator.
"""

import asyncio
import logging
import subprocess
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import gradio as gr

from lotus_gan.errors import ImageError, UsageError
from lotus_gan.ui import arguments, texts
from lotus_gan.ui.components import assets
from lotus_gan.ui.context import Page
from lotus_gan.ui.live_training import turn
from lotus_gan.ui.live_training.runs import Run, Runs
from lotus_gan.ui.live_training.worker import MAX_IMAGES, MIN_IMAGES
from lotus_gan.ui.visitor_queue import client_of

OURS, MINE = "ours", "mine"
FOLDER = Path(__file__).resolve().parents[3] / "data/lotus-68"
EVERY = 1  # s between two looks at the process and at who is still here
TO_READ, TO_SAVE = 120, 15  # s in which the images must be read, and what was learned be written
SHOWN = ("live_idle", "live_line_1", "live_line", "live_reading", "live_progress", "live_done", "live_left",
         "live_fake", "live_real", "live_wasserstein", "live_penalty", "live_home", "curve_ends")  # fmt: skip

OUTPUTS = 5  # the view and four buttons

log = logging.getLogger(__name__)


def build(page: Page) -> None:
    """The tab's components and events, inside the Blocks that is open."""
    runs = Runs(turn.seconds())
    sources = [name for name in (OURS, MINE) if name == MINE or FOLDER.is_dir()]
    with gr.Row(elem_id="live-layout"):
        with gr.Column(elem_id="live-settings"):
            choices = [(texts.static(f"source_{name}"), name) for name in sources]
            source = gr.Radio(choices, value=sources[0], label=texts.static("source"), elem_id="live-source")
            files = gr.File(
                label=texts.static("live_files"),
                file_count="multiple",
                height=180,
                visible=sources[0] == MINE,
                elem_id="live-files",
            )
            start = gr.Button(texts.static("live_start"), variant="primary", size="lg", elem_id="live-start")
            stop = gr.Button(texts.static("live_stop"), size="lg", visible=False, elem_id="live-stop")
            again = gr.Button(texts.static("live_go_on"), size="lg", visible=False, elem_id="live-go-on")
            model = gr.DownloadButton(texts.static("live_download"), visible=False, elem_id="live-download")
            gr.HTML(texts.static("live_info"), elem_id="live-info")
        view = assets.component(
            "live_training", {}, turn=runs.seconds, texts=texts.pairs(*SHOWN), elem_id="live-training"
        )
    outputs = [view, start, stop, again, model]
    options = {
        "preprocess": False,
        "api_visibility": "private",
        "show_progress": "hidden",
        "concurrency_id": "live_training",
        "concurrency_limit": None,  # the line is ours: it says when
    }
    source.change(
        show_files, source, files, preprocess=False, queue=False, show_progress="hidden", api_visibility="private"
    )
    start.click(assets.bind(train, runs), [source, files], outputs, **options)
    again.click(assets.bind(resume, runs), None, outputs, **options)
    stop.click(assets.bind(end, runs), None, outputs, queue=False, show_progress="hidden", api_visibility="private")


def show_files(source: Any) -> gr.File:
    """The field for files is there for who has chosen his own."""
    return gr.File(visible=source == MINE)


async def train(runs: Runs, source: Any, upload: Any, request: gr.Request) -> AsyncGenerator[tuple, None]:
    """Train on our images or on those uploaded: the outputs, again and again until the turn is over."""
    source = arguments.choice("source", source, (OURS, MINE), request)
    files = our_files() if source == OURS else uploaded(upload, request)
    with place(runs, request) as session:
        async with aclosing(follow(runs, session, runs.new(session, source, files), request)) as outputs:
            async for shown in outputs:
                yield shown


async def resume(runs: Runs, request: gr.Request) -> AsyncGenerator[tuple, None]:
    """Go on where the visitor's last turn has ended."""
    with place(runs, request) as session:
        run = runs.get(session)
        if run is None or not run.has_state:
            raise gr.Error(texts.say("live_gone", request), print_exception=False)
        async with aclosing(follow(runs, session, run, request)) as outputs:
            async for shown in outputs:
                yield shown


async def end(runs: Runs, request: gr.Request) -> tuple:
    """Ask for the end of the visitor's turn or of his waiting, which `follow` then shows."""
    run = runs.get(request.session_hash or "")
    if run is None:  # it went when the connection broke, and the page did not notice
        return idle({"phase": "left"}, None)
    run.stop = True
    return (gr.skip(),) * OUTPUTS


@contextmanager
def place(runs: Runs, request: gr.Request) -> Iterator[str]:
    """A place in the line while the block runs, and whose it is (the session); gr.Error if there is none."""
    session = request.session_hash or ""
    try:
        place = runs.place(session, client_of(request))
    except UsageError as error:
        raise gr.Error(texts.why(error, request), print_exception=False) from None
    with place:
        yield session


async def follow(runs: Runs, session: str, run: Run, request: gr.Request) -> AsyncGenerator[tuple, None]:
    """Wait for a visitor's turn, and show what his process says. If he leaves meanwhile, his files are deleted."""
    run.stop = has_ended = False
    try:
        while (ahead := runs.ahead(session)) and not run.stop:
            yield busy({"phase": "waiting", "ahead": ahead, "wait": runs.wait(session)})
            await asyncio.sleep(EVERY)
        if not run.stop:
            with runs.turn(run) as process:
                async with aclosing(watch(run, process, runs.seconds)) as outputs:
                    async for shown in outputs:
                        yield shown
        has_ended = True
    finally:
        if not (has_ended and run.has_state):  # nothing that he could come back to
            runs.delete(session)
    yield idle(outcome(run, request), run)


async def watch(run: Run, process: subprocess.Popen, seconds: float) -> AsyncGenerator[tuple, None]:
    """The outputs each time the process has said something, and nothing new once a second, until it ends."""
    time, seen = asyncio.get_running_loop().time, None
    deadline = time() + TO_READ + seconds + TO_SAVE
    while process.poll() is None and time() < deadline:
        if run.stop and process.stdin:
            process.stdin.close()  # how it is asked to end
        if run.report is seen:
            yield (gr.skip(),) * OUTPUTS
        else:
            seen = run.report
            yield busy({"phase": "training" if "step" in seen else "reading", "source": run.source, **seen})
        await asyncio.sleep(EVERY)


def outcome(run: Run, request: gr.Request) -> dict:
    """The value of the view after a turn: what was learned, or a sentence that says why nothing was."""
    report = {"source": run.source, **run.report}
    if report.get("saved"):
        return {"phase": "done", **report, "message": left_out("live_skipped", report, request)}
    if run.stop:
        return {"phase": "left"}
    if report.get("read", MIN_IMAGES) < MIN_IMAGES:
        return {"phase": "failed", "message": left_out("live_too_few_read", report, request)}
    log.warning("a training process has ended before its time")
    return {"phase": "failed", "message": texts.say("live_died", request)}


def left_out(key: str, report: dict, request: gr.Request) -> str:
    """The sentence about files that could not be read, with the first of them as an example; empty without any."""
    skipped = report.get("skipped")
    if not skipped:
        return ""
    name, code, values = skipped[0]
    why = texts.why(ImageError(code, **values), request)
    counts = {"read": report["read"], "files": report["files"], "skipped": len(skipped), "least": MIN_IMAGES}
    return texts.say(key, request, **counts, name=name, why=why)


def our_files() -> list[tuple[str, str]]:
    """Names and paths of our images."""
    return [(path.name, str(path)) for path in sorted(FOLDER.glob("*.webp"))]


def uploaded(upload: Any, request: gr.Request) -> list[tuple[str, str]]:
    """Names and paths of what was uploaded, else gr.Error. (upload: the raw value of gr.File; Gradio has checked that
    its paths are of uploads.)"""
    items = [item for item in upload if isinstance(item, dict)] if isinstance(upload, list) else []
    files = [(str(item.get("orig_name") or ""), item["path"]) for item in items if isinstance(item.get("path"), str)]
    if not MIN_IMAGES <= len(files) <= MAX_IMAGES:
        counts = {"least": MIN_IMAGES, "most": MAX_IMAGES, "count": len(files)}
        raise gr.Error(texts.say("live_count_refused", request, **counts), print_exception=False)
    return files


def busy(value: dict) -> tuple:
    """The outputs during a turn and before it: the button Stop alone."""
    hidden = gr.Button(visible=False)
    return value, hidden, gr.Button(visible=True), hidden, gr.DownloadButton(visible=False)


def idle(value: dict, run: Run | None) -> tuple:
    """The outputs when nothing is going on: what can be done with a run that has learned something."""
    has_state = bool(run and run.has_state)
    model = (
        gr.DownloadButton(value=str(run.model), visible=True) if run and has_state else gr.DownloadButton(visible=False)
    )
    return value, gr.Button(visible=True), gr.Button(visible=False), gr.Button(visible=has_state), model
