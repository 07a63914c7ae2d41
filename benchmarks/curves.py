"""The curves of one or more runs as an image: KID and coverage on the validation images, and the critic's estimate.

    python -m benchmarks.curves weights/lotus                                # weights/lotus/curves.svg
    python -m benchmarks.curves runs/article runs/lotus --by minutes --output compared.svg
    python -m benchmarks.curves weights/article --scores --output docs/images/scores.svg

With --scores: what the critic thinks of training, validation and generated images, which tells whether it overfits.
Read from what a run writes: quality.jsonl and metrics.jsonl.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "lotus"  # the same run draws the same file
from matplotlib import pyplot  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

PANELS = [  # file, field, title
    ("quality.jsonl", "kid", "KID x 1000, 256 against 256"),
    ("quality.jsonl", "coverage", "coverage"),
    ("metrics.jsonl", "wasserstein", "the critic's Wasserstein estimate"),
]
SCORES = {"score_train": "training images", "score_validation": "validation images", "score_generated": "generated"}


def main() -> None:
    """Write the image file."""
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of runs")
    parser.add_argument("--by", choices=("kimg", "minutes", "epoch"), default="kimg", help="the horizontal axis")
    parser.add_argument("--scores", action="store_true", help="the critic's scores of the first run instead, by epoch")
    parser.add_argument("--output", type=Path, help="the image file (default: curves.svg in the first folder)")
    options = parser.parse_args()
    figure = scores(options.runs[0]) if options.scores else curves(options.runs, options.by)
    figure.savefig(options.output or options.runs[0] / "curves.svg", metadata={"Date": None})


def curves(runs: list[Path], by: str) -> Figure:
    """A panel for each of PANELS, a line for each run."""
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(12, 3), layout="constrained")
    for axis, (file, field, title) in zip(axes, PANELS, strict=True):
        for run in runs:
            lines = read(run / file)
            axis.plot([line[by] for line in lines], [line[field] for line in lines], label=run.resolve().name)
        axis.set(title=title, xlabel=by, ylim=(0, 1 if field == "coverage" else None))
        axis.grid(alpha=0.3)
    if len(runs) > 1:
        axes[0].legend()
    return figure


def scores(run: Path) -> Figure:
    """A line for each kind of image, above the generated ones: a critic's scores have no zero of their own."""
    figure, axis = pyplot.subplots(figsize=(8, 3), layout="constrained")
    lines = read(run / "metrics.jsonl")
    for field, name in SCORES.items():
        values = [line[field] - line["score_generated"] for line in lines]
        axis.plot([line["epoch"] for line in lines], values, label=name)
    axis.set(title="the critic's mean score, above that of generated images", xlabel="epoch")
    axis.grid(alpha=0.3)
    axis.legend()
    return figure


def read(path: Path) -> list[dict]:
    """The lines of a log."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


if __name__ == "__main__":
    main()
