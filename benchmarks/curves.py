"""The curves of one or more runs as an image: KID and coverage on the validation images, and the critic's estimate.

    python -m benchmarks.curves weights/lotus                                # weights/lotus/curves.svg
    python -m benchmarks.curves runs/article runs/lotus --by minutes --output compared.svg

Read from what a run writes: quality.jsonl and metrics.jsonl.
"""

import argparse
import json
from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "lotus"  # the same run draws the same file
from matplotlib import pyplot  # noqa: E402

PANELS = [  # file, field, title
    ("quality.jsonl", "kid", "KID x 1000, 256 against 256"),
    ("quality.jsonl", "coverage", "coverage"),
    ("metrics.jsonl", "wasserstein", "the critic's Wasserstein estimate"),
]


def main() -> None:
    parser = argparse.ArgumentParser(formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of runs")
    parser.add_argument("--by", choices=("kimg", "minutes"), default="kimg", help="the horizontal axis")
    parser.add_argument("--output", type=Path, help="the image file (default: curves.svg in the first folder)")
    options = parser.parse_args()
    figure, axes = pyplot.subplots(1, len(PANELS), figsize=(12, 3), layout="constrained")
    for axis, (file, field, title) in zip(axes, PANELS, strict=True):
        for run in options.runs:
            lines = [json.loads(line) for line in (run / file).read_text(encoding="utf-8").splitlines()]
            axis.plot([line[options.by] for line in lines], [line[field] for line in lines], label=run.resolve().name)
        axis.set(title=title, xlabel=options.by, ylim=(0, 1 if field == "coverage" else None))
        axis.grid(alpha=0.3)
    if len(options.runs) > 1:
        axes[0].legend()
    figure.savefig(options.output or options.runs[0] / "curves.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
