"""One lotus image as a Blender scene, rendered with Cycles on the processor. Needs `bpy`.

Every scene starts from empty factory settings, so that an image does not depend on those drawn before it.
"""

import math

import bpy
import numpy as np
from mathutils import Vector

from render import lotus_shapes as shapes
from render.lotus_params import LotusParameters

RENDER_SIZE = 256  # pixels; every set is rendered at this size and then reduced, so that all show the same detail
SKY_MAP = 128  # pixels of the map by which rays find the sky; Blender's own choice draws the same, a third slower

# name: zenith, horizon (sRGB), strength of the sky, sun colour, sun strength, sun's angular size in degrees
LIGHTING = {
    "overcast": ("#dfe6ea", "#c9d2d4", 1.4, "#fff4e6", 0.9, 40.0),
    "golden": ("#8fa6c4", "#f5d8b4", 0.85, "#ffd29a", 3.6, 3.0),
    "noon": ("#8fb6e6", "#cfdfe8", 0.9, "#fff3e0", 3.2, 1.5),
    "morning": ("#a9c2e0", "#e6dfe0", 0.85, "#ffe2c4", 2.4, 6.0),
}
# name: what the camera sees at the horizon's foot, at eye level and above, a blurred bank of leaves
BACKDROP_COLOURS = {
    "dark leaves": ("#0f2113", "#1d3a1f", "#2f5230"),
    "green haze": ("#2a4a2a", "#5b8546", "#8fae6a"),
    "bright meadow": ("#35591f", "#7da03c", "#b3c46a"),
    "teal shade": ("#10292a", "#24504a", "#4d7f74"),
}


def material(name, roughness, translucent=0.0, specular=0.3):
    """A material that takes its colour from the vertices; `translucent` is the share of light let through."""
    made = bpy.data.materials.new(name)
    made.use_nodes = True
    nodes, links = made.node_tree.nodes, made.node_tree.links
    colour = nodes.new("ShaderNodeAttribute")
    colour.attribute_name = "colour"
    surface = nodes["Principled BSDF"]
    surface.inputs["Roughness"].default_value = roughness
    surface.inputs["Specular IOR Level"].default_value = specular
    links.new(colour.outputs["Color"], surface.inputs["Base Color"])
    if translucent:
        through, mix = nodes.new("ShaderNodeBsdfTranslucent"), nodes.new("ShaderNodeMixShader")
        mix.inputs[0].default_value = translucent
        links.new(colour.outputs["Color"], through.inputs["Color"])
        links.new(surface.outputs[0], mix.inputs[1])
        links.new(through.outputs[0], mix.inputs[2])
        links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    return made


def add(name, shape, surface, matrix=None, location=(0, 0, 0)):
    """A shape as an object of the scene."""
    mesh = bpy.data.meshes.new(name)
    vertices = shape.vertices if matrix is None else shape.vertices @ matrix.T
    mesh.from_pydata(vertices + np.asarray(location), [], shape.faces)
    rgba = np.ones((len(vertices), 4), np.float32)
    rgba[:, :3] = np.clip(shape.colours, 0, 1)
    mesh.color_attributes.new("colour", "FLOAT_COLOR", "POINT").data.foreach_set("color", rgba.ravel())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), bool))
    mesh.materials.append(surface)
    made = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(made)
    return made


def add_water(p):
    """A dark mirror with a soft bump."""
    surface = bpy.data.materials.new("water")
    surface.use_nodes = True
    nodes, links = surface.node_tree.nodes, surface.node_tree.links
    mirror = nodes["Principled BSDF"]
    mirror.inputs["Base Color"].default_value = (*shapes.linear("#12302c"), 1)
    mirror.inputs["Roughness"].default_value = 0.08
    noise, bump = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeBump")
    where = nodes.new("ShaderNodeTexCoord")
    noise.inputs["Scale"].default_value = 1.6
    noise.inputs["Detail"].default_value = 2.0
    bump.inputs["Strength"].default_value = p.ripple
    links.new(where.outputs["Object"], noise.inputs["Vector"])
    links.new(noise.outputs[0], bump.inputs["Height"])
    links.new(bump.outputs["Normal"], mirror.inputs["Normal"])
    mesh = bpy.data.meshes.new("water")
    mesh.from_pydata([(-60, -60, 0), (60, -60, 0), (60, 60, 0), (-60, 60, 0)], [], [(0, 1, 2, 3)])
    mesh.materials.append(surface)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("water", mesh))


def colour_ramp(nodes, stops):
    ramp = nodes.new("ShaderNodeValToRGB")
    ramp.color_ramp.interpolation = "EASE"
    while len(ramp.color_ramp.elements) < len(stops):
        ramp.color_ramp.elements.new(0.5)
    for element, (position, colour) in zip(ramp.color_ramp.elements, stops, strict=True):
        element.position = position
        element.color = (*colour, 1)
    return ramp


def add_light(p, rng):
    """A sun and a sky. Rays from the camera, and mirrored ones, see a bank of blurred leaves instead of the sky."""
    zenith, horizon, sky_strength, sun_colour, sun_strength, sun_size = LIGHTING[p.light]
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle, sun.color = sun_strength, math.radians(sun_size), shapes.linear(sun_colour)
    lamp = bpy.data.objects.new("sun", sun)
    lamp.rotation_euler = (math.radians(90 - p.sun_elevation), 0, math.radians(p.sun_azimuth))
    bpy.context.scene.collection.objects.link(lamp)

    world = bpy.data.worlds.new("world")
    world.use_nodes = True
    bpy.context.scene.world = world
    world.cycles.sampling_method, world.cycles.sample_map_resolution = "MANUAL", SKY_MAP
    nodes, links = world.node_tree.nodes, world.node_tree.links
    where, split = nodes.new("ShaderNodeTexCoord"), nodes.new("ShaderNodeSeparateXYZ")
    lift = nodes.new("ShaderNodeMath")
    lift.operation = "MULTIPLY_ADD"  # height -1..1 -> 0..1
    lift.inputs[1].default_value = lift.inputs[2].default_value = 0.5
    links.new(where.outputs["Generated"], split.inputs[0])
    links.new(split.outputs["Z"], lift.inputs[0])

    sky = colour_ramp(
        nodes, [(0.45, shapes.linear("#26401f")), (0.52, shapes.linear(horizon)), (0.8, shapes.linear(zenith))]
    )
    low, middle, high = (shapes.linear(c) for c in BACKDROP_COLOURS[p.backdrop])
    bank = colour_ramp(nodes, [(0.44, low), (0.51, middle), (0.64, high)])
    noise, sway = nodes.new("ShaderNodeTexNoise"), nodes.new("ShaderNodeMath")
    noise.noise_dimensions = "4D"
    noise.inputs["W"].default_value = rng.uniform(0, 100)
    noise.inputs["Scale"].default_value = 5.0
    noise.inputs["Detail"].default_value = 1.0
    sway.operation = "MULTIPLY_ADD"  # soft blotches: the noise moves the height at which a colour is read
    sway.inputs[1].default_value = 0.24
    links.new(where.outputs["Generated"], noise.inputs["Vector"])
    links.new(noise.outputs[0], sway.inputs[0])
    links.new(lift.outputs[0], sway.inputs[2])
    centre = nodes.new("ShaderNodeMath")
    centre.operation = "SUBTRACT"
    centre.inputs[1].default_value = 0.12
    links.new(sway.outputs[0], centre.inputs[0])
    links.new(lift.outputs[0], sky.inputs[0])
    links.new(centre.outputs[0], bank.inputs[0])

    path, either, mix = nodes.new("ShaderNodeLightPath"), nodes.new("ShaderNodeMath"), nodes.new("ShaderNodeMixShader")
    either.operation = "MULTIPLY_ADD"
    either.inputs[1].default_value = 0.8  # the water mirrors some sky as well
    links.new(path.outputs["Is Glossy Ray"], either.inputs[0])
    links.new(path.outputs["Is Camera Ray"], either.inputs[2])
    lit, seen = nodes["Background"], nodes.new("ShaderNodeBackground")
    lit.inputs["Strength"].default_value = sky_strength
    links.new(sky.outputs[0], lit.inputs["Color"])
    links.new(bank.outputs[0], seen.inputs["Color"])
    links.new(either.outputs[0], mix.inputs[0])
    links.new(lit.outputs[0], mix.inputs[1])
    links.new(seen.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["World Output"].inputs["Surface"])


def add_pads(p, rng):
    """Floating pads around the flower without overlap; standing ones behind it, never before it."""
    leaf = material("leaf", roughness=0.5, translucent=0.22, specular=0.25)
    green_stem = material("stem", roughness=0.6)
    placed = []
    for _ in range(200):
        if len(placed) == p.floating_pads:
            break
        radius, distance, angle = rng.uniform(0.7, 1.3), rng.uniform(0.7, 4.5), rng.uniform(0, 2 * math.pi)
        x, y = distance * math.cos(angle), distance * math.sin(angle)
        if all(math.hypot(x - a, y - b) > 0.93 * (radius + c) for a, b, c in placed):
            placed.append((x, y, radius))
            add(
                "floating pad",
                shapes.pad(radius, rng.uniform(0.0, 0.05), p.leaf_colour, rng),
                leaf,
                location=(x, y, 0.02 + 0.012 * len(placed)),
            )
    above = p.camera_height > 45
    for k in range(p.standing_pads):
        radius = rng.uniform(0.9, 1.5)
        spread = (k - (p.standing_pads - 1) / 2) * 1.7 + rng.uniform(-0.5, 0.5)
        y = rng.uniform(1.6, 4.0)
        height = rng.uniform(0.25, 0.5) * p.stem_height if above else rng.uniform(0.4, 1.0) * (p.stem_height + 0.9)
        turn = shapes.rotation("x", rng.uniform(-8, 30)) @ shapes.rotation("y", rng.uniform(-25, 25))
        add(
            "standing pad",
            shapes.pad(radius, rng.uniform(0.08, 0.3), p.leaf_colour, rng),
            leaf,
            turn,
            (spread, y, height),
        )
        add("pad stem", shapes.stem(height, 0.3, rng), green_stem, location=(spread, y, 0))


def add_flower(p, rng):
    """The flower on its stem; returns the petals' vertices (N, 3) for the framing of the camera."""
    petals = shapes.petals(p, rng)
    lean = (
        shapes.rotation("z", p.tilt_direction)
        @ shapes.rotation("x", p.tilt)
        @ shapes.rotation("z", rng.uniform(0, 360))
    )
    foot = np.array([0, 0, p.stem_height])
    add("petals", petals, material("petal", roughness=0.5, translucent=0.38, specular=0.22), lean, foot)
    add("pod", shapes.seed_pod(p.openness, rng), material("pod", roughness=0.55, translucent=0.3), lean, foot)
    add("stem", shapes.stem(p.stem_height + 0.03, 0.25, rng), material("stem", roughness=0.6))
    return petals.vertices @ lean.T + foot


def add_camera(p, points, rng):
    shift = rng.uniform(-0.06, 0.06, 2)
    position, target = shapes.frame_camera(points, p.camera_height, p.lens, p.fill, shift)
    distance = float(np.linalg.norm(target - position))
    camera = bpy.data.cameras.new("camera")
    camera.lens = p.lens
    camera.dof.use_dof = True
    camera.dof.focus_distance = distance - 0.25
    camera.dof.aperture_fstop = p.lens / 1000 / (2 * p.aperture * distance)
    made = bpy.data.objects.new("camera", camera)
    made.location = position
    made.rotation_euler = Vector(target - position).to_track_quat("-Z", "Y").to_euler()
    bpy.context.scene.collection.objects.link(made)
    bpy.context.scene.camera = made


def render(p: LotusParameters, path: str, threads: int, samples: int) -> None:
    """Draw the image of `p` as a PNG of RENDER_SIZE pixels with `samples` rays a pixel, before the denoiser.

    `threads` changes the time only, not one byte.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    rng = np.random.default_rng(p.seed)  # the small irregularities; everything nameable is in `p`
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device, cycles.samples, cycles.seed = "CPU", samples, 0
    cycles.use_adaptive_sampling = False
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_prefilter = "FAST"  # a third quicker than "ACCURATE", no difference to see at this size
    cycles.max_bounces, cycles.diffuse_bounces, cycles.glossy_bounces = 5, 3, 2
    cycles.transmission_bounces, cycles.caustics_reflective, cycles.caustics_refractive = 4, False, False
    cycles.sample_clamp_indirect = 4.0
    scene.render.resolution_x = scene.render.resolution_y = RENDER_SIZE
    scene.render.resolution_percentage = 100
    scene.render.threads_mode, scene.render.threads = "FIXED", threads
    scene.view_settings.view_transform = "Khronos PBR Neutral"
    scene.view_settings.exposure = p.exposure
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = path
    points = add_flower(p, rng)
    add_pads(p, rng)
    add_water(p)
    add_light(p, rng)
    add_camera(p, points, rng)
    bpy.ops.render.render(write_still=True)
