"""What the tabs share while the page is built."""

from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from lotus_gan.ui import arguments
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models


@dataclass
class Page:
    """Every tab takes it, and fills in what others need of it."""

    blocks: gr.Blocks
    models: Models
    model: gr.Radio  # the model picker
    tabs: gr.Tabs
    browser: gr.HTML  # the line that says who generates, with its events (components/browser_generator.py)
    galleries: list[gr.Gallery] = field(default_factory=list)  # those whose images can be enlarged
    lightbox: gr.HTML = field(init=False)  # the toolbar of the enlarged image, with its events
    keyframes: gr.Textbox = field(init=False)  # the field of Interpolate
    explore_outputs: list[gr.blocks.Block] = field(default_factory=list)  # the outputs of `explore.opened_with`

    def on_model_change(self, *others: Any) -> list:
        """Triggers for what depends on the model: its choice, `others`, and the opening of a page with a Hub model,
        whose sidecar files may not be here when the page is built."""
        late = [] if self.models.first.origin else [self.blocks.load]
        return [*others, self.model.change, *late]


def chosen_model(models: Models, name: Any, request: gr.Request) -> LoadedModel:
    """The model of a name that a page has sent, else gr.Error."""
    return models[arguments.choice("model", name, models, request)]
