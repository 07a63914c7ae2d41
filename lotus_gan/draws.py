"""Which rows of a batch somebody works on, when a batch is shared by processes or taken in parts.

    part = Part(first=8, last=16, whole=16)
    z = torch.randn(part.whole, 100, generator=random)[part.rows]

Everybody draws the random numbers of the whole batch and keeps their own rows, so each sample's are the same, however
the batch is shared, and the generators stay in step.
"""

from dataclasses import dataclass


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
