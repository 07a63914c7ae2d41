"""The parameters of an image, drawn from its seed. Plain Python: no Blender is needed to draw or to check parameters.

`draw_parameters(seed)` is a pure function: one `random.Random(seed)`, asked in a fixed order, so the rows of
metadata.jsonl can be checked on any machine. One unit of length is about the length of a petal.
"""

import random
from dataclasses import asdict, dataclass

# sRGB colours of a petal at its base, its middle and its tip.
PETAL_COLOURS = {
    "pink": ("#fbf0dc", "#fbc0d8", "#ee5f9f"),
    "blush": ("#fbf6d8", "#fdeaee", "#f48fba"),
    "white": ("#f4f6d0", "#fdfcfa", "#fdf9fa"),
    "magenta": ("#f8d6e2", "#ee7cb8", "#d8308a"),
    "cream": ("#f2efb0", "#fdf6d6", "#fcefd2"),
    "rose": ("#fbe8d2", "#f7a9b8", "#e85a7a"),
}
COLOUR_WEIGHTS = {"pink": 30, "blush": 22, "white": 16, "magenta": 12, "cream": 8, "rose": 12}

LIGHTS = ("overcast", "golden", "noon", "morning")
LIGHT_WEIGHTS = {"overcast": 30, "golden": 25, "noon": 25, "morning": 20}
SUN_ELEVATION = {"overcast": (45, 70), "golden": (14, 28), "noon": (48, 70), "morning": (24, 42)}  # degrees

STAGES = {"bud": (0.00, 0.08), "half-open": (0.34, 0.60), "open": (0.66, 1.00)}  # range of openness
STAGE_WEIGHTS = {"bud": 12, "half-open": 36, "open": 52}

VIEWS = {"low": (4, 14), "three-quarter": (18, 42), "above": (50, 76)}  # camera height, degrees over the horizon
VIEW_WEIGHTS = {"low": 34, "three-quarter": 48, "above": 18}

LEAF_COLOURS = {"fresh": "#6fa53a", "deep": "#3f7f3c", "blue-green": "#4b8567", "olive": "#80913a"}
BACKDROPS = ("dark leaves", "green haze", "bright meadow", "teal shade")


@dataclass(frozen=True)
class LotusParameters:
    """Everything that one image shows. Angles are in degrees, lengths in petal lengths, shares in 0..1."""

    seed: int
    colour: str  # a key of PETAL_COLOURS
    hue_shift: float  # degrees on the colour wheel, -8..8
    tip_colour: float  # how far the tip's colour reaches down the petal, 0.3..1
    stage: str  # a key of STAGES
    openness: float  # 0 closed bud .. 1 petals spread flat
    whorls: int  # rings of petals, 3..5
    petals_per_whorl: int  # 5..7
    petal_width: float  # full width over length, 0.50..0.66
    petal_cup: float  # half angle of the petal's cross-section, 30..55
    vein_strength: float  # 0.04..0.16
    stem_height: float  # flower's base over the water, 0.5..1.3
    tilt: float  # lean of the flower, 0..24
    tilt_direction: float  # 0 towards the camera, counter-clockwise, -100..100
    leaf_colour: str  # a key of LEAF_COLOURS
    floating_pads: int  # pads on the water, 4..9
    standing_pads: int  # pads above the water, 1..5
    ripple: float  # strength of the water's bump, 0.05..0.3
    light: str  # one of LIGHTS
    sun_elevation: float  # see SUN_ELEVATION
    sun_azimuth: float  # 0 behind the camera, 180 behind the flower, -150..150
    exposure: float  # stops, 0.45..0.75
    backdrop: str  # one of BACKDROPS: the blurred green beyond the pond
    view: str  # a key of VIEWS
    camera_height: float  # degrees over the horizon, see VIEWS
    lens: float  # mm on a 36 mm frame, 55..85
    fill: float  # share of the frame's side that the flower spans, 0.68..0.88, a bud 0.57..0.75
    aperture: float  # radius of the lens opening over the distance, 0.007..0.015


def draw_parameters(seed: int) -> LotusParameters:
    """The parameters of one image: the same seed (0 or more) always gives the same ones."""
    rng = random.Random(seed)

    def between(low, high, digits=3):
        return round(low + (high - low) * rng.random(), digits)

    def weighted(weights):
        return rng.choices(list(weights), list(weights.values()))[0]

    stage, light, view = weighted(STAGE_WEIGHTS), weighted(LIGHT_WEIGHTS), weighted(VIEW_WEIGHTS)
    if stage == "bud" and view == "above":
        view = "low"  # a bud from above is a point: nobody reads it as a flower
    return LotusParameters(
        seed=seed,
        colour=weighted(COLOUR_WEIGHTS),
        hue_shift=between(-8, 8, 1),
        tip_colour=between(0.3, 1.0),
        stage=stage,
        openness=between(*STAGES[stage]),
        whorls=rng.randint(3, 5),
        petals_per_whorl=rng.randint(5, 7),
        petal_width=between(0.50, 0.66),
        petal_cup=between(30, 55, 1),
        vein_strength=between(0.04, 0.16),
        stem_height=between(0.5, 1.3),
        tilt=between(0, 24, 1),
        tilt_direction=between(-100, 100, 1),
        leaf_colour=rng.choice(list(LEAF_COLOURS)),
        floating_pads=rng.randint(4, 9),
        standing_pads=rng.randint(1, 5),
        ripple=between(0.05, 0.3),
        light=light,
        sun_elevation=between(*SUN_ELEVATION[light], 1),
        sun_azimuth=between(-150, 150, 1),
        exposure=between(0.45, 0.75),
        backdrop=rng.choice(BACKDROPS),
        view=view,
        camera_height=between(*VIEWS[view], 1),
        lens=between(55, 85, 1),
        fill=round(between(0.68, 0.88) * (0.85 if stage == "bud" else 1), 3),
        aperture=between(0.007, 0.015, 4),
    )


def image_name(seed: int) -> str:
    """File name of a seed's image, the same in every set."""
    return f"lotus_{seed:06d}.webp"


def metadata_row(seed: int) -> dict:
    """One line of metadata.jsonl: the Hub's imagefolder wants `file_name` first."""
    return {"file_name": image_name(seed), **asdict(draw_parameters(seed))}
