"""Which rows of a batch somebody works on, when a batch is shared by processes or taken in parts.

    part = Part(first=8, last=16, whole=16)
    z = torch.randn(part.whole, 100, generator=random)[part.rows]

Everybody draws the random numbers of the whole batch and keeps their own rows, so each sample's are the same, however
the batch is shared, and the generators stay in step.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch

Augmentation = Callable[[torch.Tensor], torch.Tensor]  # pictures (N, 3, H, W) -> how the critic sees them


@dataclass(frozen=True)
class Part:
    """Rows first ... last - 1 of a batch of `whole` rows."""

    first: int
    last: int
    whole: int

    @property
    def rows(self) -> slice:
        return slice(self.first, self.last)

    @classmethod
    def all(cls, count: int) -> "Part":
        """A batch that nobody shares."""
        return cls(0, count, count)


class Look(NamedTuple):
    """How an architecture that enlarges looks at a batch of real pictures."""

    window: torch.Tensor  # (2,) in [0, 1): the top and the left of a part of the picture
    grain: torch.Tensor  # (N, 3, 32, 32): noise for pictures that have been made small

    @classmethod
    def draw(cls, count: int, generator: torch.Generator) -> "Look":
        """For a batch of `count`; its noise is of any strength from none to full, picture by picture."""
        grain = torch.randn(count, 3, 32, 32, generator=generator) * torch.rand(count, 1, 1, 1, generator=generator)
        return cls(torch.rand(2, generator=generator), grain)

    def part(self, rows: slice, device: torch.device) -> "Look":
        """The same for some rows of the batch."""
        return Look(self.window, self.grain[rows].to(device))
