"""Many visitors who do everything that the page offers, for long: errors, waiting times, memory and disk.

    python -m benchmarks.soak --minutes 30 --visitors 16
    python -m benchmarks.soak --minutes 1 --visitors 30 --only generate
    python -m benchmarks.soak --sessions 2000

Starts the real page on this computer. Every visitor generates, interpolates, moves sliders, has a picture of
data/lotus-val projected, writes loops, loads a model and fetches the images that he is shown, again and again in any
order; now and then he leaves, and another one comes. With --sessions, visitors come one after the other and generate
one image each. Linux only, as it reads the server's memory from /proc.
"""

import argparse
import asyncio
import random
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.server import ROOT, running_page
from benchmarks.visitors import Answer, Page, memory_mb, new_session, open_page, settled_memory_mb
from lotus_gan.training.device import describe_device, pick_device

STAYS = 8  # calls of a visitor before he leaves, in the mean
PAUSE = 4  # s at most between two calls of a visitor
REFUSAL = "visitors are using models of their own"
WARM = 0.2  # of the time, before memory is read first


def main() -> None:
    """Start the page, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=16, help="at once (default: 16)")
    parser.add_argument("--minutes", type=float, default=30, help="how long they stay (default: 30)")
    parser.add_argument("--only", choices=sorted({*ACTIONS}), help="the one thing that they do (default: all)")
    parser.add_argument("--sessions", type=int, help="visitors one after the other, instead of all that")
    options = parser.parse_args()
    print(describe_device(pick_device("cpu")))
    with running_page() as (pid, url), tempfile.TemporaryDirectory() as folder:
        if options.sessions:
            grown = asyncio.run(come_and_go(pid, url, options.sessions))
            print(f"{options.sessions} sessions: the second half of them added {grown:.1f} MB")
            return
        actions = [options.only] if options.only else ACTIONS
        models = copies(ROOT / "weights/lotus", Path(folder))
        result = asyncio.run(soak(pid, url, 60 * options.minutes, options.visitors, models, actions))
    print(f"{options.visitors} visitors for {options.minutes:g} minutes\n")
    print(report(result))


class Visitor:
    """Someone who does one thing after the other; leaving is to come again as somebody else."""

    def __init__(self, page: Page, seed: int, models: list[Path]):
        self.page, self.rng, self.models, self.seed = page, random.Random(seed), models, seed
        self.session, self.model = new_session(), page.model

    async def stay(self, end: float, actions: list[str], answers: dict[str, list[Answer]]) -> None:
        """Until the time is over. What one begins with another does not, so that everything is done at once."""
        names = list(answers)
        name = names[self.seed % len(names)]
        while time.monotonic() < end:
            answers[name].append(await getattr(self, name)())
            await asyncio.sleep(self.rng.uniform(0, PAUSE))
            if self.rng.random() < 1 / STAYS:
                self.session, self.model = new_session(), self.page.model
            name = self.rng.choice(actions)

    async def _call(self, function: tuple[str, ...], data: list) -> Answer:
        return await self.page.call(self.page.function(*function), data, self.session)

    async def generate(self) -> Answer:
        """Eight images, and the files."""
        answer = await self._call(("fill",), [8, self.rng.randrange(2**32), 1, self.model])
        for item in (answer.data or [[]])[0]:
            (await self.page.client.get(item["image"]["url"])).raise_for_status()
        return answer

    async def interpolate(self) -> Answer:
        """The frames between three seeds."""
        seeds = ",".join(str(self.rng.randrange(1000)) for _ in range(3))
        return await self._call(("show", "keyframes"), [seeds, 1, False, self.model])

    async def loop(self) -> Answer:
        """A GIF through two seeds."""
        seeds = ",".join(str(self.rng.randrange(1000)) for _ in range(2))
        return await self._call(("make_loop",), [seeds, 1, False, self.model, "gif", 256])

    async def slide(self) -> Answer:
        """One slider of Explore, of the model that the page opened with."""
        amounts = [0.0] * len(self.page.sliders["amounts"])
        amounts[self.rng.randrange(len(amounts))] = round(self.rng.uniform(-1, 1), 1)
        moved = self.page.sliders | {"amounts": amounts}
        return await self._call(("show", "flower", "sliders"), [str(self.rng.randrange(1000)), moved])

    async def upload(self) -> Answer:
        """A picture, and its projection."""
        picture = await self.page.upload(self.rng.choice(sorted((ROOT / "data/lotus-val").glob("*.webp"))))
        return await self._call(("find",), [picture, "nothing", self.model])

    async def load(self) -> Answer:
        """A model from a folder, which is this visitor's own."""
        answer = await self._call(("load",), [str(self.rng.choice(self.models))])
        if not answer.error:
            self.model = answer.data[0]["value"]
        return answer


ACTIONS = [*6 * ["generate", "slide"], *3 * ["interpolate"], "loop", "upload", "load"]  # as often as they stand here


async def soak(
    pid: int, url: str, seconds: float, visitors: int, models: list[Path], actions: list[str] = ACTIONS
) -> dict:
    """Let them do all that: {"answers": {action: [Answer]}, "memory": (MB when warm, MB at the end)}."""
    answers: dict[str, list[Answer]] = {name: [] for name in dict.fromkeys(actions)}
    async with open_page(url) as page:
        end = time.monotonic() + seconds
        people = [Visitor(page, seed, models) for seed in range(visitors)]
        tasks = [asyncio.create_task(person.stay(end, actions, answers)) for person in people]
        await asyncio.sleep(WARM * seconds)
        while not all(answers.values()) and time.monotonic() < end:
            await asyncio.sleep(0.1)  # the first of each kind loads libraries
        warm = memory_mb(pid)
        await asyncio.gather(*tasks)
    return {"answers": answers, "memory": (warm, await settled_memory_mb(pid))}


async def come_and_go(pid: int, url: str, sessions: int) -> float:
    """MB of memory that the second half of so many visitors adds, who generate one image each."""
    async with open_page(url) as page:
        for i in range(sessions):
            if i == sessions // 2:
                half = memory_mb(pid)
            answer = await page.call(page.function("fill"), [1, i % 50, 1, page.model], new_session())
            assert not answer.error, answer.error
    return await settled_memory_mb(pid) - half


def errors(result: dict) -> list[str]:
    """What was said where a call failed. Eight visitors may have a model of their own: a ninth is told so, no error."""
    said = [answer.error for answers in result["answers"].values() for answer in answers if answer.error]
    return [error for error in said if REFUSAL not in error]


def copies(model: Path, folder: Path) -> list[Path]:
    """A few folders with a model, each of which is another model for the page."""
    return [Path(shutil.copytree(model, folder / f"copy-{i}")) for i in range(4)]


def report(result: dict) -> str:
    """The results as a Markdown table and two lines."""
    lines = ["| call | n | median | one in twenty | at most |", "| --- | --- | --- | --- | --- |"]
    for name, answers in result["answers"].items():
        waits = sorted(answer.seconds for answer in answers)
        columns = [statistics.median(waits), waits[int(0.95 * len(waits))], waits[-1]] if waits else []
        lines.append(f"| {name} | {len(waits)} | " + " | ".join(f"{wait:.2f} s" for wait in columns) + " |")
    answers = [answer for found in result["answers"].values() for answer in found]
    refused = sum(REFUSAL in answer.error for answer in answers)
    long = [answer for answer in answers if answer.seconds > 3]
    warm, end = result["memory"]
    return "\n".join(
        [
            *lines,
            "",
            f"errors: {len(errors(result))} of {len(answers)}; a model refused as eight visitors had one: {refused}",
            f"told their place in the queue, of those who waited 3 s: {sum(a.ranked for a in long)} of {len(long)}",
            f"memory of the server: {warm:.0f} MB when warm, {end:.0f} MB at the end ({100 * (end / warm - 1):+.1f} %)",
            *sorted(set(errors(result)))[:5],
        ]
    )


if __name__ == "__main__":
    main()
