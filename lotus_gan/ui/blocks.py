"""gr.Blocks that answers every call with what was asked for or with a sentence, whatever is sent to it.

The page's own scripts send what its handlers expect. A program may send anything to any function, also to those that
are not in the API: that is refused here. What is left is a bug of ours, and is shown as one.
"""

import inspect
import logging
from typing import Any

import gradio as gr
from fastapi import HTTPException
from fastapi.middleware.gzip import GZipMiddleware
from fastapi.responses import JSONResponse
from gradio.exceptions import Error
from gradio.processing_utils import check_all_files_in_cache
from gradio.route_utils import FnIndexInferError

from lotus_gan.ui.visitor_queue import VisitorQueue

BUG = "This is a bug of ours ({kind}), and it is in the log. Please report it with what you did before it."
# what Gradio raises before a handler is called, where a value is of a kind that its component does not take
FOREIGN_VALUE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError, OSError)

DEPTH = 16  # of lists and objects in each other; the page's values have five

log = logging.getLogger(__name__)


class Blocks(gr.Blocks):
    """Gradio's, with these answers and with VisitorQueue."""

    def queue(self, *arguments: Any, **options: Any) -> "Blocks":
        """Gradio's, whose queue becomes a VisitorQueue."""
        super().queue(*arguments, **options)
        made: Any = self._queue  # type: ignore[has-type]
        self._queue = VisitorQueue(
            made.live_updates,
            made.max_thread_count,
            made.update_intervals,
            made.max_size,
            self,
            default_concurrency_limit=made.default_concurrency_limit,
        )
        return self

    def validate_inputs(self, block_fn: Any, inputs: list) -> None:
        """A call with too few values gets a sentence; Gradio would log a traceback and answer nothing."""
        if len(inputs) < len(block_fn.inputs):
            fields = [name for name in inspect.signature(block_fn.fn).parameters][: len(block_fn.inputs)]
            message = f"/{block_fn.api_name} takes {len(fields)} values: {', '.join(fields)}. Got {len(inputs)}."
            raise gr.Error(message, print_exception=False)

    async def preprocess_data(self, block_fn: Any, inputs: list, *rest: Any, **options: Any) -> list:
        """Gradio's; a value that a component cannot take is refused in a sentence."""
        try:
            return await super().preprocess_data(block_fn, inputs, *rest, **options)
        except Error:
            raise
        except FOREIGN_VALUE as error:
            message = f"/{block_fn.api_name} cannot take these values ({type(error).__name__})."
            raise gr.Error(message, print_exception=False) from None

    async def process_api(
        self, block_fn: Any, inputs: list, *rest: Any, event_data: Any = None, **options: Any
    ) -> dict[str, Any]:
        """Gradio's; a function that runs in the browser alone, or that needs an event, is not called without."""
        function = self.fns[block_fn] if isinstance(block_fn, int) else block_fn
        if not function.fn:
            raise gr.Error("This is done in the browser.", print_exception=False)
        if takes_an_event(function.fn) and not isinstance(getattr(event_data, "_data", None), dict):
            message = f"/{function.api_name} needs an event of the page."
            raise gr.Error(message, print_exception=False)
        event = getattr(event_data, "_data", None)
        if not (fits(inputs) and fits(event) and has_paths(event)):
            message = f"/{function.api_name} takes no such values."
            raise gr.Error(message, print_exception=False)
        try:
            return await super().process_api(function, inputs, *rest, event_data=event_data, **options)
        except Error as error:
            error.print_exception = False  # a sentence for who called, none for the log
            raise
        except Exception as error:  # the last resort, which hides nothing: what nobody foresaw is logged as a bug
            log.exception("a bug: %s", function.api_name)
            raise gr.Error(BUG.format(kind=type(error).__name__), print_exception=False) from error


def fits(value: Any, depth: int = DEPTH) -> bool:
    """Whether a value from JSON can be sent back: Gradio's answers have 64 bits for a whole number, and it walks
    through lists and objects by recursion. An object with __type__ would be taken for a change of a component."""
    if isinstance(value, dict) and "__type__" in value:
        return False
    if isinstance(value, dict | list):
        items = value.values() if isinstance(value, dict) else value
        return depth > 0 and all(fits(item, depth - 1) for item in items)
    return not isinstance(value, int) or -(2**63) <= value < 2**63


def has_paths(event: Any) -> bool:
    """Whether what an event says to be a file has a path that a system can look for. Gradio refuses those of others."""
    try:
        check_all_files_in_cache(event)
    except Error:
        pass  # it says so itself, in a sentence
    except FOREIGN_VALUE:  # a path of 5,000 letters
        return False
    return True


class Gate:
    """ASGI middleware: a request that Gradio's routes stumble over, such as the number of a function that is not there,
    is answered with 400 and a sentence. Gradio would log a traceback and answer 500."""

    def __init__(self, app: Any):
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        started = False

        async def sending(message: Any) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except RuntimeError as error:  # a stream that has said already that there is no such session
            if not (started and isinstance(error.__cause__, HTTPException)):
                raise
            await send({"type": "http.response.body", "body": b""})
        except (*FOREIGN_VALUE, FnIndexInferError) as error:
            if started or scope["type"] != "http":
                raise
            log.warning("refused: %s %s (%s)", scope["method"], scope["path"][:100], type(error).__name__)
            detail = "there is no such function here, or it takes other values: see /gradio_api/info"
            await JSONResponse({"detail": detail}, 400)(scope, receive, send)


class Compression:
    """ASGI middleware: the page itself, 300 kB, is sent with gzip; Gradio compresses only what has a suffix."""

    def __init__(self, app: Any):
        self.app, self.compressed = app, GZipMiddleware(app, compresslevel=6)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        app = self.compressed if scope["type"] == "http" and scope["path"] in ("/", "/config") else self.app
        await app(scope, receive, send)


def takes_an_event(handler: Any) -> bool:
    """Whether a handler reads what an event says."""
    kinds = (parameter.annotation for parameter in inspect.signature(handler).parameters.values())
    return any(isinstance(kind, type) and issubclass(kind, gr.EventData) for kind in kinds)
