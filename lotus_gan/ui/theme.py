"""How the page looks: pond green, petal pink and cream, by day and by night."""

import gradio as gr

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

HEAD = """
<meta name="description" content="Sample lotus flowers that a small WGAN-GP learnt to paint, and walk between them.">
<script>
document.documentElement.lang = (navigator.language || "en").toLowerCase().startsWith("fr") ? "fr" : "en";
</script>
"""

CSS = """
.gradio-container .main.fillable { max-width: 1120px !important; padding: 16px min(24px, 4vw) !important; }
#heading { padding: 0; }
#heading h1 { font-family: "Iowan Old Style", "Palatino Linotype", Palatino, Georgia, "DejaVu Serif", serif;
  font-size: 2.1rem; font-weight: 600; letter-spacing: -0.01em; margin: 0; color: var(--secondary-700); }
.dark #heading h1 { color: var(--primary-300); }
#heading p { margin: 4px 0 0; color: var(--body-text-color-subdued); max-width: 64ch; font-size: 1rem; }
#banner { border-left: 4px solid var(--primary-500); padding: 10px 14px; gap: 4px;
  background: var(--background-fill-secondary); border-radius: var(--radius-lg); overflow-wrap: anywhere; }
:is(button, input, a, [role=tab]):focus-visible { outline: 2px solid var(--primary-500); outline-offset: 2px; }
.form, .gr-group, .gr-group .styler { background: transparent !important; border: 0 !important;
  box-shadow: none !important; overflow: visible !important; }
.form > .block.padded, .gr-group .block.padded, #walk { padding: 0 !important; overflow: visible !important; }
.dark [role=tab][aria-selected=true] { color: var(--primary-300); }

.gradio-container { overflow: clip !important; }  /* hidden, as Gradio has it, would unstick what is sticky */
.html-container { padding: 0 !important; }
.gradio-container { --knob-shadow: 0 0 0 1px rgb(0 0 0 / 12%), 0 1px 4px rgb(0 0 0 / 30%); }
.dark input[type=range] { --neutral-200: #33483f; }
input[type=range]::-webkit-slider-thumb { box-shadow: var(--knob-shadow) !important; }
input[type=range]::-moz-range-thumb { box-shadow: var(--knob-shadow) !important; }

/* a seed and its dice in one row */
.seed-field .styler { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: 8px; align-items: end; }
.seed-field .styler > button { height: 42px; border-radius: var(--input-radius) !important; }

/* Generate: the button above the settings, the pictures beside both; on a phone the pictures follow the button */
#generate-layout { display: grid; grid-template: "action gallery" auto "settings gallery" 1fr / 272px minmax(0, 1fr);
  gap: 20px 28px; align-items: start; }
#generate-layout > * { min-width: 0 !important; }
#generate-action { grid-area: action; }
#generate-settings { grid-area: settings; gap: 20px; }
#generate-settings .form { gap: 20px; }
#gallery { grid-area: gallery; }
:is(#gallery, #kept) { padding: 0; overflow: visible; }
:is(#gallery, #kept) > label { position: static; border: 0; padding: 0 0 10px; font-size: 13px; background: none;
  box-shadow: none;
  color: var(--body-text-color-subdued); }
:is(#gallery, #kept) > label > span { display: none; }
:is(#gallery, #kept) .grid-wrap > .icon-button-wrapper { top: -34px; right: 0; border: 0; background: none;
  box-shadow: none; }
:is(#gallery, #kept) .grid-wrap { padding: 0; overflow: visible; min-height: 0; max-height: none;
  height: auto !important; }
:is(#gallery, #kept) .grid-container { grid-template-columns: repeat(4, minmax(0, 1fr)) !important;
  grid-auto-rows: auto;
  grid-template-rows: none; gap: 10px; padding: 0; margin: 0; }
:is(#gallery, #kept) .thumbnail-lg { aspect-ratio: 1; border: 0; box-shadow: none; border-radius: 14px; }
:is(#gallery, #kept, #copy-gallery, #yours-gallery, #sum-gallery) .caption-label { border: 0; right: 8px; bottom: 8px;
  border-radius: 999px; padding: 2px 9px; font-size: 12px; color: #fff; background: rgb(10 25 20 / 60%); }
:is(#gallery, #kept) .preview { position: fixed; inset: 0; z-index: 900; width: auto; height: auto; border-radius: 0; }
:is(#gallery, #kept) .preview .media-button { align-items: center; justify-content: center; }
:is(#gallery, #kept) .preview .media-button img { width: min(92vw, 70vh, 512px); height: auto; border-radius: 18px; }
:is(#gallery, #kept) :is(.meta-text, .meta-text-center) { inset: 0 44px auto auto; transform: none; padding: 0; }

/* many are small, and their seeds stand under the enlarged picture only */
:is(#gallery, #kept) .grid-container:has(> :nth-child(17)) {
  grid-template-columns: repeat(auto-fill, minmax(max(72px, 10.5%), 1fr)) !important; }
:is(#gallery, #kept) .grid-container:has(> :nth-child(17)) .caption-label { visibility: hidden; }

#kept .grid-container { grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)) !important; }

/* a few pictures side by side */
:is(#copy-gallery, #yours-gallery, #sum-gallery) { padding: 0; overflow: visible; }
:is(#copy-gallery, #yours-gallery, #sum-gallery) .grid-wrap { padding: 0; min-height: 0; height: auto !important;
  overflow: visible; }
:is(#copy-gallery, #yours-gallery, #sum-gallery) .grid-container { gap: 12px; padding: 0; margin: 0;
  grid-auto-rows: auto; grid-template-rows: none; }
:is(#copy-gallery, #yours-gallery, #sum-gallery) .thumbnail-lg { aspect-ratio: 1; border: 0; box-shadow: none;
  border-radius: 14px; }
#copy-gallery { width: 640px; max-width: 100%; }

#copy { gap: 10px; padding-top: 8px; }
#copy-said p { margin: 0 0 4px; max-width: 80ch; }
#copy-said p + p { color: var(--body-text-color-subdued); font-size: 0.92rem; }

/* Interpolate */
#walk-layout { max-width: 820px; margin: 0 auto; gap: 16px; }
#stage { padding: 0; overflow: visible; }
#walk .tab-like-container { display: none; }
#walk-row, #walk-keys { flex-wrap: nowrap; align-items: end; gap: 10px; }
:is(#walk-row, #walk-keys, #walk-options, #loop) > * { min-width: 0 !important; }
#play { flex: 0 0 56px; height: 42px; font-size: 0; }
#play::before { content: "▶"; font-size: 15px; }
#play[aria-pressed=true]::before { content: "❚❚"; }
#walk-info { color: var(--body-text-color-subdued); font-size: 0.92rem; padding: 0; }
#seeds { padding: 0; }
:is(#add-key, #reverse) { flex: 0 0 auto; height: 42px; padding-inline: 14px; white-space: nowrap; }
#walk-options { display: grid; grid-template-columns: 1fr 1fr; align-items: start; gap: 28px; }
:is(#walk-options, #loop, #walk-keys) > .form { display: contents; }
#loop { display: grid; grid-template-columns: 96px 110px 1fr 1fr 1fr; align-items: end; gap: 10px; }
:is(#make-loop, #loop-file, #copy-link) { height: 42px; padding-inline: 8px; white-space: nowrap; }

/* Explore: the picture stays in sight while the sliders below it are moved */
#explore-layout { display: grid; grid-template-columns: min(400px, 42%) minmax(0, 1fr); gap: 20px 40px;
  align-items: start; }
#explore-layout > * { min-width: 0 !important; }
#explore-picture { position: sticky; top: 16px; gap: 16px; }
:is(#easel, #sliders) { padding: 0; overflow: visible; }
#flower { padding: 0; }
#explore-actions { display: grid; grid-template-columns: 1fr 1fr; gap: 10px; }
#explore-actions > * { min-width: 0 !important; padding-inline: 4px; }
#send { grid-column: 1 / -1; }
#sum { border: 0; background: none; }
#sum-info { color: var(--body-text-color-subdued); font-size: 0.92rem; max-width: 80ch; }
:is(#sum-gallery, #sum-row) { width: 640px; max-width: 100%; margin: 0 auto 0 0 !important; }
#sum-gallery .grid-container { grid-template-columns: repeat(4, minmax(0, 1fr)) !important; }
#sum-row { display: grid; grid-template-columns: repeat(4, minmax(0, 1fr)); gap: 12px; align-items: end; }
#sum-row > .form { display: contents; }
#sum-row > *, #sum-row .block { min-width: 0 !important; }
#sum-row .block { padding: 0; }
#take { height: 42px; padding-inline: 8px; }

/* Your picture */
#yours-layout { display: grid; grid-template-columns: 300px minmax(0, 1fr); gap: 20px 36px; align-items: start; }
#yours-layout > * { min-width: 0 !important; }
#yours-settings { gap: 16px; }
#yours { background: var(--background-fill-secondary); border-radius: 14px; }
#yours-gallery { min-height: 120px; }
#yours-gallery .empty { visibility: hidden; min-height: 0 !important; height: 100px !important; }
#yours-send { gap: 10px; }
#yours-send button { padding-inline: 4px; }
#yours-said { max-width: 68ch; line-height: 1.6; }

/* How it learnt */
#learnt-text { padding: 16px 0 24px; columns: 30ch 3; column-gap: 36px; }
#learnt-text h3 { font-size: 1.05rem; margin: 0 0 4px; break-after: avoid; }
#learnt-text p { margin: 0 0 20px; line-height: 1.6; break-inside: avoid; }

#any-model { border: 0; background: none; max-width: 560px; margin: 0 auto 0 0 !important; }
#any-model-row { flex-wrap: nowrap; align-items: end; gap: 10px; }
#any-model-row > * { min-width: 0 !important; }
#any-model-name { padding: 0; }
#any-model-load { flex: 0 0 auto; height: 42px; padding-inline: 18px; }

@media (max-width: 720px) {
  #heading h1 { font-size: 1.7rem; }
  /* five fit on one line (Gradio measures a copy) */
  .tab-container button { padding-inline: 4px !important; font-size: 12px !important; letter-spacing: -0.02em; }
  #generate-layout { grid-template: "action" auto "gallery" auto "settings" auto / minmax(0, 1fr); }
  :is(#gallery, #kept) .grid-container { grid-template-columns: repeat(2, minmax(0, 1fr)) !important; }
  #copy-gallery .grid-container { grid-template-columns: repeat(2, minmax(0, 1fr)) !important; }
  #yours-layout { grid-template-columns: minmax(0, 1fr); }
  #explore-layout { display: flex; flex-direction: column; align-items: stretch; flex-wrap: nowrap; }
  #explore-picture { display: contents; }
  #easel { position: sticky; top: 0; z-index: 5; background: var(--body-background-fill); }
  #easel figure { width: min(100%, 240px, 34vh); padding-block: 8px; }
  #explore-actions { order: 3; }
  #sliders { order: 2; }
  #sum-row { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  #take { grid-column: 1 / -1; }
  #walk-keys { flex-wrap: wrap; }
  #seeds { flex: 1 1 100%; }
  :is(#add-key, #reverse) { flex: 1 1 0; }
  #walk-options { grid-template-columns: 1fr; gap: 16px; }
  #loop { grid-template-columns: 1fr 1fr; }
  #copy-link { grid-column: 1 / -1; }
}
"""
