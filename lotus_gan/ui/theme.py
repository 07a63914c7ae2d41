"""The theme of the page, light and dark; its CSS is components/static/theme.css."""

import gradio as gr

from lotus_gan.ui.components import assets

_POND = gr.themes.Color("#eef6f2", "#d9ebe2", "#b5d7c7", "#86bba4", "#559a7f", "#347d62", "#22644d", "#1b503e",
                        "#163f32", "#0f2e25", "#0a211b", name="pond")  # fmt: skip
_PETAL = gr.themes.Color("#fdf3f6", "#fbe4eb", "#f6c8d7", "#efa3bb", "#e3789a", "#d1537c", "#b73a64", "#972c51",
                         "#7a2643", "#5f2036", "#431424", name="petal")  # fmt: skip
_CREAM = gr.themes.Color("#fffdf8", "#faf5ea", "#efe7d6", "#ddd3bf", "#b5ab97", "#8b8373", "#6a6457", "#4d4940",
                         "#2f302b", "#1d2420", "#121a17", name="cream")  # fmt: skip

THEME = gr.themes.Base(
    primary_hue=_PETAL,
    secondary_hue=_POND,
    neutral_hue=_CREAM,
    radius_size=gr.themes.sizes.radius_lg,
    font=["system-ui", "Segoe UI", "Helvetica Neue", "Arial", "sans-serif"],  # nothing is fetched from elsewhere
    font_mono=["ui-monospace", "Menlo", "Consolas", "monospace"],
).set(
    body_background_fill="*neutral_50",
    body_background_fill_dark="#0c1613",
    body_text_color="#24352d",
    body_text_color_dark="#e9e6da",
    body_text_color_subdued="#66716a",
    body_text_color_subdued_dark="#9fada4",
    background_fill_primary="#ffffff",
    background_fill_primary_dark="#14211c",
    background_fill_secondary="*neutral_100",
    background_fill_secondary_dark="#1a2a24",
    block_background_fill="transparent",
    block_background_fill_dark="transparent",
    block_border_width="0px",
    block_shadow="none",
    block_label_background_fill="transparent",
    block_label_background_fill_dark="transparent",
    block_label_text_color="*body_text_color_subdued",
    block_label_text_color_dark="*body_text_color_subdued",
    block_title_text_color="*body_text_color",
    block_title_text_color_dark="*body_text_color",
    block_title_text_weight="600",
    border_color_primary="#e2d9c6",
    border_color_primary_dark="#2b3d35",
    input_background_fill="#ffffff",
    input_background_fill_dark="#14211c",
    input_border_width="1px",
    input_border_color="#d8cfbb",
    input_border_color_dark="#33483f",
    input_border_color_focus="*primary_500",
    input_border_color_focus_dark="*primary_400",
    color_accent="*primary_500",
    slider_color="*primary_500",
    slider_color_dark="*primary_400",
    checkbox_background_color_selected="*primary_500",
    checkbox_background_color_selected_dark="*primary_500",
    checkbox_border_color_selected="*primary_500",
    checkbox_border_color_selected_dark="*primary_500",
    button_primary_background_fill="*primary_600",
    button_primary_background_fill_hover="*primary_700",
    button_primary_background_fill_dark="*primary_600",
    button_primary_background_fill_hover_dark="*primary_500",
    button_primary_text_color="#ffffff",
    button_secondary_background_fill="#f3ecdd",
    button_secondary_background_fill_hover="#eae0cb",
    button_secondary_background_fill_dark="#22332c",
    button_secondary_background_fill_hover_dark="#2c4138",
    button_secondary_text_color="#24352d",
    button_secondary_text_color_dark="#e9e6da",
    button_secondary_border_color="transparent",
    button_secondary_border_color_dark="transparent",
)

DESCRIPTION = "Lotus flowers that a small WGAN-GP generates: sample them, interpolate between them, edit them."
SCRIPTS = assets.read("storage.js") + assets.read("page.js")
HEAD = f'<meta name="description" content="{DESCRIPTION}">\n<script>\n{SCRIPTS}</script>\n'
CSS = assets.read("theme.css")
