"""The shapes of a lotus as arrays (numpy only): petals, seed pod, stamens, pads, and the framing of the camera.

Every shape is a `Shape`: vertices (N, 3), faces as tuples of vertex indices, linear colours (N, 3). Z points up, the
flower's axis is the z axis, one unit is about the length of a petal. Colours are stored in the vertices, veins
included: at 256 pixels that is as fine as a texture and needs no image.
"""

import colorsys
import math
from dataclasses import dataclass

import numpy as np

from render.lotus_params import LEAF_COLOURS, PETAL_COLOURS, LotusParameters


@dataclass
class Shape:
    vertices: np.ndarray  # (N, 3)
    faces: list  # tuples of 3 or 4 indices
    colours: np.ndarray  # (N, 3), linear RGB


def linear(srgb_hex: str, hue_shift: float = 0.0) -> np.ndarray:
    """'#rrggbb' in sRGB -> linear RGB (3,), its hue turned by `hue_shift` degrees."""
    rgb = [int(srgb_hex[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    hue, lightness, saturation = colorsys.rgb_to_hls(*rgb)
    rgb = np.array(colorsys.hls_to_rgb((hue + hue_shift / 360) % 1, lightness, saturation))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def smoothstep(low, high, x):
    x = np.clip((x - low) / (high - low), 0, 1)
    return x * x * (3 - 2 * x)


def blend(a, b, share):
    """a where share (any shape) is 0, b where it is 1; a and b are colours."""
    share = np.asarray(share)[..., None]
    return a * (1 - share) + b * share


def grid_faces(rows: int, columns: int, closed: bool = False) -> list:
    """Quads of a rows x columns grid of vertices; `closed` joins the last column to the first."""
    faces = []
    for i in range(rows - 1):
        for j in range(columns if closed else columns - 1):
            k = (j + 1) % columns
            faces.append((i * columns + j, i * columns + k, (i + 1) * columns + k, (i + 1) * columns + j))
    return faces


def join(shapes: list) -> Shape:
    """Several shapes as one mesh: one object costs Blender far less than hundreds."""
    faces, start = [], 0
    for shape in shapes:
        faces += [tuple(start + i for i in face) for face in shape.faces]
        start += len(shape.vertices)
    return Shape(np.concatenate([s.vertices for s in shapes]), faces, np.concatenate([s.colours for s in shapes]))


def rotation(axis: str, degrees: float) -> np.ndarray:
    """(3, 3) matrix; vertices (N, 3) are turned by `vertices @ matrix.T`."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.array(
        {
            "x": [[1, 0, 0], [0, c, -s], [0, s, c]],
            "y": [[c, 0, s], [0, 1, 0], [-s, 0, c]],
            "z": [[c, -s, 0], [s, c, 0], [0, 0, 1]],
        }[axis]
    )


def petal(length, width, openness, cup, base_radius, twist, ruffle, phase, colours, tip_colour, veins) -> Shape:
    """One petal growing along +x from the axis: a cupped sheet with a pointed tip.

    openness: 0 wraps the bud .. 1 spreads out (a little more droops); cup: degrees; twist: lifts one edge over the
    neighbour; ruffle: size of the waves at the edge; colours: base, middle, tip, linear.
    """
    rows, columns = 26, 33
    t = np.linspace(0, 1, rows)[:, None]  # base .. tip
    u = np.linspace(-1, 1, columns)[None, :]  # edge .. edge

    # The midrib starts at one slope and bends towards another; a closed petal bends past the vertical.
    slope = np.radians((40 - 42 * openness) + (110 - 73 * openness) * t)
    step = length / (rows - 1)
    reach = base_radius + np.concatenate([[[0.0]], np.cumsum(np.cos(slope[:-1]) * step, axis=0)])
    height = np.concatenate([[[0.0]], np.cumsum(np.sin(slope[:-1]) * step, axis=0)])

    # Outline: a narrow base, widest a little above the middle, a point at the tip.
    outline = (0.32 + 0.68 * smoothstep(0.0, 0.58, t)) * (1 - np.clip((t - 0.52) / 0.48, 0, 1) ** 2.2) ** 0.86
    half_width = 0.5 * width * length * outline + 1e-4

    # Cross-section: an arc. In a bud its radius is the distance to the axis, so that petals wrap each other.
    wrap = np.clip(half_width / np.maximum(reach, 0.05), 0, 1.5)
    closed = np.clip(1 - 1.6 * openness, 0, 1)
    arc = closed * wrap + (1 - closed) * math.radians(cup) * (0.75 + 0.5 * (1 - t)) + 1e-3
    side = half_width * np.sin(arc * u) / arc
    inward = half_width * (1 - np.cos(arc * u)) / arc
    inward = inward + twist * u * half_width
    inward = inward + ruffle * u**2 * np.sin(phase + 5.0 * t + 2.5 * u) * smoothstep(0.2, 0.7, t)

    x = reach - inward * np.sin(slope)
    z = height + inward * np.cos(slope)
    vertices = np.stack([x, side + 0 * x, z], axis=-1).reshape(-1, 3)

    base, middle, tip = colours
    edge = np.abs(u) ** 2.5
    tinted = smoothstep(0.95 - 0.6 * tip_colour, 1.1, t + 0.10 * edge)
    paint = blend(blend(base, middle, smoothstep(0.05, 0.7, t + 0 * u)), tip, tinted)
    # Veins run along the petal and bend together at both ends, as lines of constant u do.
    line = 0.5 + 0.5 * np.cos(u * math.pi * 8 + 0 * t)
    vein = veins * line**2 * smoothstep(0.05, 0.3, t) * (1 - smoothstep(0.8, 1.0, t))
    paint = paint * (1 - vein[..., None] * np.array([0.45, 1.0, 0.7]))
    return Shape(vertices, grid_faces(rows, columns), paint.reshape(-1, 3))


def petals(p: LotusParameters, rng: np.random.Generator) -> Shape:
    """All petals of the flower, outer whorl first, with the few greenish sepals below it."""
    colours = [linear(c, p.hue_shift) for c in PETAL_COLOURS[p.colour]]
    green = linear("#b9c56a")
    shapes = []
    for whorl in range(-1, p.whorls):
        sepal = whorl < 0
        inner = max(whorl, 0) / (p.whorls - 1)  # 0 outer .. 1 inner
        count = 3 if sepal else p.petals_per_whorl
        whorl_openness = p.openness * (1.05 - 0.50 * inner * (1.25 - 0.6 * p.openness))
        start = whorl * 180 / count + rng.uniform(-8, 8)
        for i in range(count):
            length = (0.62 if sepal else 1.06 - 0.20 * inner) * rng.uniform(0.94, 1.05)
            openness = whorl_openness + (rng.uniform(0.02, 0.18) if sepal else rng.normal(0, 0.05)) * min(
                1.0, 0.15 + 1.5 * p.openness
            )
            shade = rng.uniform(0.93, 1.0)
            paint = [c * shade for c in colours]
            if sepal:
                paint = [blend(c, green, s) for c, s in zip(paint, (0.85, 0.6, 0.25), strict=True)]
            one = petal(
                length,
                p.petal_width * rng.uniform(0.93, 1.07) * (1 - 0.12 * inner),
                max(openness, 0.0),
                p.petal_cup * rng.uniform(0.85, 1.15),
                (0.15 - 0.07 * inner) * (0.45 + 0.55 * p.openness) + (0.01 if sepal else 0),
                0.16 + rng.uniform(-0.05, 0.05),
                0.025 * p.openness,
                rng.uniform(0, 6.28),
                paint,
                p.tip_colour,
                p.vein_strength,
            )
            turn = rotation("z", start + i * 360 / count + rng.uniform(-5, 5)) @ rotation(
                "x", rng.normal(0, 4) * p.openness
            )
            one.vertices = one.vertices @ turn.T + [0, 0, 0.03 * inner - (0.02 if sepal else 0)]
            shapes.append(one)
    return join(shapes)


def tube(path: np.ndarray, radii: np.ndarray, colours: np.ndarray, sides: int = 5) -> Shape:
    """A tube along path (K, 3) that mostly rises; radii (K,); colours (K, 3). Its end is closed by a radius of 0."""
    angles = np.arange(sides) * 2 * math.pi / sides
    ring = np.stack([np.cos(angles), np.sin(angles), 0 * angles], -1)
    vertices = path[:, None] + radii[:, None, None] * ring[None]
    return Shape(vertices.reshape(-1, 3), grid_faces(len(path), sides, closed=True), np.repeat(colours, sides, axis=0))


def seed_pod(openness: float, rng: np.random.Generator) -> Shape:
    """The yellow cone with a flat top, the little stigmas on it, and the ring of stamens: they lean out as it opens."""
    yellow, lime, dark = linear("#f3d33a"), linear("#c9cf4a"), linear("#9a8a1e")
    outline = np.array(
        [(0.07, 0.02), (0.10, 0.12), (0.14, 0.25), (0.16, 0.31), (0.152, 0.332), (0.11, 0.336), (0.0, 0.336)]
    )
    path = np.stack([0 * outline[:, 0], 0 * outline[:, 0], outline[:, 1]], -1)
    shapes = [tube(path, outline[:, 0], blend(lime, yellow, np.linspace(0.2, 1, len(path))), sides=24)]
    for k in range(16):  # a sunflower spiral spaces the stigmas evenly
        radius, angle = 0.13 * math.sqrt((k + 0.4) / 16), k * 2.39996
        foot = np.array([radius * math.cos(angle), radius * math.sin(angle), 0.325])
        dot = np.array([(0, 0, 0), (0, 0, 0.016), (0, 0, 0.024)])
        shapes.append(tube(foot + dot, np.array([0.018, 0.016, 0.0]), np.array([dark, dark, lime * 0.6]), sides=6))
    pale, amber, cream = linear("#fbeeb0"), linear("#f2b81f"), linear("#fff6d8")
    for _ in range(220 if openness > 0.2 else 0):  # a closed bud hides them
        angle, lean = rng.uniform(0, 2 * math.pi), rng.uniform(0.15, 1.05) * min(1.0, 0.1 + 1.2 * openness)
        length = rng.uniform(0.32, 0.46)
        t = np.array([0, 0.3, 0.55, 0.62, 0.85, 0.95, 1.0])
        out = 0.06 + 0.04 * openness + length * np.sin(lean * (0.5 + 0.6 * t)) * t
        rise = 0.02 + length * np.cos(lean * (0.5 + 0.6 * t)) * t
        path = np.stack([out * math.cos(angle), out * math.sin(angle), rise], -1)
        radii = np.array([0.006, 0.006, 0.007, 0.014, 0.014, 0.010, 0.0])
        shapes.append(tube(path, radii, np.array([pale, pale, pale, amber, amber, cream, cream]), sides=4))
    return join(shapes)


def stem(height: float, lean: float, rng: np.random.Generator) -> Shape:
    """A stalk from under the water up to (0, 0, height)."""
    t = np.linspace(0, 1, 10)
    angle = rng.uniform(0, 2 * math.pi)
    bow = lean * (1 - t) ** 2
    path = np.stack([bow * math.cos(angle), bow * math.sin(angle), -0.3 + (height + 0.3) * t], -1)
    paint = blend(linear("#4a6b30"), linear("#8fa850"), t)
    return tube(path, np.full(10, 0.045), paint, sides=10)


def pad(radius: float, dish: float, leaf_colour: str, rng: np.random.Generator) -> Shape:
    """A round leaf around the origin: radial veins that fork, a wavy rim, `dish` = rise of the rim over the centre."""
    rings, spokes = 22, 176
    r = np.linspace(0.0, 1.0, rings)[:, None] ** 0.9
    a = (np.arange(spokes) * 2 * math.pi / spokes)[None, :]
    veins, shift, phases = 22, rng.uniform(0, 6.28), rng.uniform(0, 6.28, 4)
    line = 0.5 + 0.5 * np.cos(veins * (a + shift))
    fork = 0.5 - 0.5 * np.cos(veins * (a + shift))
    vein = np.clip(
        line**10 * smoothstep(0.02, 0.15, r) * (1 - 0.6 * r) + 0.5 * fork**12 * smoothstep(0.5, 0.75, r), 0, 1
    )
    wave = sum(np.sin(k * a + phases[i]) / k for i, k in enumerate((2, 3, 5, 7)))
    outline = 1 + 0.025 * wave * r
    rise = dish * r**2.2 + (0.03 + 0.10 * abs(dish)) * wave * r**3 - 0.02 * vein * r
    vertices = np.stack([radius * r * outline * np.cos(a), radius * r * outline * np.sin(a), radius * rise], -1)
    leaf = linear(LEAF_COLOURS[leaf_colour], rng.uniform(-8, 8)) * rng.uniform(0.8, 1.15)
    pale = leaf * 0.45 + linear("#c8d890") * 0.55
    patch = 0.5 + 0.5 * np.sin(3 * a + 4 * r + phases[0]) * np.sin(5 * r + phases[1])
    paint = blend(blend(leaf, leaf * [0.75, 0.85, 0.8], patch), pale, 0.65 * vein)
    paint = blend(paint, pale, (1 - smoothstep(0.0, 0.07, r + 0 * a)))
    paint = blend(paint, leaf * [1.25, 0.95, 0.6], 0.5 * smoothstep(0.955, 1.0, r + 0 * a))
    return Shape(vertices.reshape(-1, 3), grid_faces(rings, spokes, closed=True), paint.reshape(-1, 3))


def frame_camera(points: np.ndarray, height: float, lens: float, fill: float, shift) -> tuple:
    """Camera position (3,) and target (3,) so that points (N, 3) span `fill` of the frame, centred up to `shift`.

    The camera stands in the direction of -y, `height` degrees over the horizon. Perspective moves the image's
    centre a little, so target and distance are corrected a few times.
    """
    c, s = math.cos(math.radians(height)), math.sin(math.radians(height))
    back, right, up = np.array([0, -c, s]), np.array([1.0, 0, 0]), np.array([0, s, c])
    target, distance, half_angle = points.mean(axis=0), 6.0, 18 / lens  # tangent of half the field of view
    for _ in range(6):
        seen = points - (target + distance * back)
        depth = -(seen @ back)
        across, along = seen @ right / depth / half_angle, seen @ up / depth / half_angle
        span = max(np.ptp(across), np.ptp(along)) / 2  # share of the frame's side
        middle = np.array([across.max() + across.min(), along.max() + along.min()]) / 2 - np.asarray(shift)
        target = target + half_angle * distance * (middle[0] * right + middle[1] * up)
        distance *= span / fill
    return target + distance * back, target
