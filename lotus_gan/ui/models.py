"""The models of a page: those that come with it, and for each visitor the one that he has loaded.

models["lotus"]          # of everybody
models["user/garden"]    # of the visitor whose call is being answered, KeyError for any other

Whose call it is Gradio knows (LocalContext), so a handler cannot see what another visitor has loaded.
"""

import logging
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gradio.context import LocalContext

from lotus_gan.errors import ModelError
from lotus_gan.models.hub import model_name
from lotus_gan.ui.loaded_model import LoadedModel

MAX_NAMED = 8  # visitors who may have a model of their own at once: each may be 50 MB
IDLE = 600  # s after which a visitor's model may go for another visitor's

log = logging.getLogger(__name__)


class Models(Mapping[str, LoadedModel]):
    """The models by name, as the visitor whose call is being answered sees them.

    first: the model that the page opens with and that the API uses. bundled: the names that are on every visitor's
    page.
    """

    def __init__(self, models: Sequence[LoadedModel]):
        self._everybodys = {model.name: model for model in models}
        self.first, self.bundled = models[0], list(self._everybodys)
        self._own: OrderedDict[str, tuple[LoadedModel, float]] = OrderedDict()  # of a session, and when it was used
        self._lock = threading.Lock()

    def __getitem__(self, name: str) -> LoadedModel:
        return self._visible()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._visible())

    def __len__(self) -> int:
        return len(self._visible())

    def _visible(self) -> dict[str, LoadedModel]:
        with self._lock:
            session = _session()
            if session not in self._own:
                return self._everybodys
            model, _ = self._own[session]
            self._own[session] = model, time.monotonic()
            self._own.move_to_end(session)
            return self._everybodys | {model.name: model}

    def load(self, wanted: str) -> LoadedModel:
        """Load a folder or a Hub id for this visitor, in the place of the one that he has loaded before.

        ModelError if it cannot be loaded, or while too many visitors are using models of their own.
        """
        with self._lock:
            oldest = next(iter(self._own), None)
            if len(self._own) >= MAX_NAMED and _session() not in self._own and oldest is not None:
                if time.monotonic() - self._own[oldest][1] < IDLE:
                    raise ModelError("too_many_models", most=MAX_NAMED)
                self._drop(oldest)
        model = LoadedModel(wanted)
        with self._lock:
            self._drop(_session())
            self._own[_session()] = model, time.monotonic()
        return model

    def _drop(self, session: str) -> None:
        if session in self._own:
            shutil.rmtree(self._own.pop(session)[0].folder, ignore_errors=True)


def _session() -> str:
    request = LocalContext.request.get(None)
    return (request and request.session_hash) or ""


def load_models(models: Sequence[str | Path], fallback: Path) -> Models:
    """Load all models, the first one as `load_or_fall_back` does; others that cannot be loaded are left out."""
    first = load_or_fall_back(models[0], fallback)
    loaded = {first.name: first}
    for model in models[1:]:
        try:
            loaded[model_name(model)] = LoadedModel(model)
        except ModelError as error:
            log.warning("left out: %s", error)
    return Models(list(loaded.values()))


def load_or_fall_back(model: str | Path, fallback: Path) -> LoadedModel:
    """Load `model`, else `fallback` with `.problem` set. Raises SystemExit if neither loads."""
    try:
        return LoadedModel(model)
    except ModelError as error:
        problem = error
    try:
        return LoadedModel(fallback, problem)
    except ModelError as error:
        also = "" if str(error) == str(problem) else f", and the bundled one neither: {error}"
        raise SystemExit(f"no model to show: {problem}{also}") from None
