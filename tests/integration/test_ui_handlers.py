"""Event handlers of the page, called as functions: no server, no browser."""

from types import SimpleNamespace

import gradio as gr
import pytest
from helpers.app_server import save_colourful_model

from lotus_gan import latents
from lotus_gan.errors import DataError, ModelError
from lotus_gan.sampling import media
from lotus_gan.ui import page, texts
from lotus_gan.ui.components import about, copy_check, lightbox, model_picker
from lotus_gan.ui.loaded_model import LoadedModel
from lotus_gan.ui.models import Models
from lotus_gan.ui.tabs import explore, generate, interpolate, projection, training_history

ENGLISH, FRENCH = (SimpleNamespace(headers={"accept-language": language}) for language in ("en", "fr"))


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        folder = save_colourful_model(tmp_path_factory.mktemp("lotus"))
        yield Models([LoadedModel(folder)])


@pytest.fixture
def image(models):
    """An event of the lightbox for seed 5."""
    return SimpleNamespace(slug=models.first.slug, seed=5, truncation=1, act="first")


def test_the_gallery_is_filled_with_images_and_with_what_they_are(models):
    shown, items = generate.fill(models, 3, 2**32 - 1, 0.5, models.first.name, ENGLISH)
    assert [caption for _, caption in shown] == ["#4294967295", "#0", "#1"]
    assert items == [{"slug": models.first.slug, "seed": s, "truncation": 0.5} for s in (2**32 - 1, 0, 1)]
    for (path, _), item in zip(shown, items, strict=True):
        assert media.read_info(path)["seed"] == str(item["seed"])
        assert lightbox.resolve(item, models) == (models.first, item["seed"], 0.5)
    with pytest.raises(gr.Error, match="Nombre d’images"):
        generate.fill(models, 0, 1, 1, models.first.name, FRENCH)
    with pytest.raises(gr.Error, match="Model must be one of"):
        generate.fill(models, 1, 1, 1, "other", ENGLISH)


def test_an_image_of_a_gallery_is_selected_by_its_index():
    items = [{"seed": 1}, {"seed": 2}]
    selected = lightbox.select("favourites", items, SimpleNamespace(index=1))
    assert selected == {"gallery": "favourites", "index": 1, "image": {"seed": 2}}
    for given, index in ((items, 2), (items, -1), (items, None), (None, 0), ("ab", 0), ([], 0)):
        assert lightbox.select("gallery", given, SimpleNamespace(index=index)) is None


def test_favourites_are_kept_once_newest_first_and_let_go(models, image):
    other = {"slug": models.first.slug, "seed": 7, "truncation": 1}
    favourites = lightbox.with_image([other, lightbox.item_of(image)], image)
    assert favourites == [lightbox.item_of(image), other]
    assert lightbox.without_image(favourites, image) == [other]
    many = [{**other, "seed": seed} for seed in range(100, 200)]
    assert len(lightbox.with_image(many, image)) == lightbox.MAX_FAVOURITES


def test_the_lightbox_stays_with_the_index_when_a_favourite_goes(models):
    items = [{"slug": models.first.slug, "seed": seed, "truncation": 1} for seed in (1, 2)]
    strange = [{}, 7, None, {**items[0], "slug": "gone"}, {**items[0], "seed": -1}, {**items[0], "truncation": "1"}]
    gallery, shown, selected = lightbox.show_favourites(
        models, [items[0], *strange], {"gallery": "favourites", "index": 1, "image": items[1]}
    )
    assert shown == [items[0]] and gallery.visible
    assert selected == {"gallery": "favourites", "index": 0, "image": items[0]}
    gallery, shown, selected = lightbox.show_favourites(models, [], selected)
    assert shown == [] and not gallery.visible and selected is None
    *_, selected = lightbox.show_favourites(models, items, {"gallery": "gallery", "index": 1, "image": items[1]})
    assert selected == gr.skip()


def test_an_enlarged_image_becomes_a_keyframe_or_opens_explore(models, image):
    assert interpolate.with_enlarged("3, 7", image) == "5, 7"
    image.act = "last"
    assert interpolate.with_enlarged("3, 7", image) == "3, 5"
    name, start, *_ = explore.open_enlarged(models, image)
    assert (name, start) == (models.first.name, "5")
    image.truncation = 0.5
    assert explore.open_enlarged(models, image)[1].startswith(latents.CODE)
    image.slug = "gone"
    assert explore.open_enlarged(models, image) == (gr.skip(),) * 5


def test_each_pair_of_keyframes_is_shown_as_soon_as_it_is_generated(models):
    updates = list(interpolate.show(models, "3, 7, 9", 1, False, models.first.name, ENGLISH))
    assert [len(value["sheets"]) for value, *_ in updates] == [1, 2]
    assert all(value["keyframes"] == [3, 7, 9] for value, *_ in updates)
    [nothing] = interpolate.show_typed(models, "3, ", 1, False, models.first.name, ENGLISH)
    assert nothing == (gr.skip(),) * 3
    with pytest.raises(gr.Error):
        list(interpolate.show_typed(models, "3, ~x", 1, False, models.first.name, ENGLISH))


def test_without_an_index_the_copy_check_says_so(models, image):
    section, shown, answer = copy_check.check(models, image, FRENCH)
    assert section.visible and [caption for _, caption in shown] == ["#5"] and "sans index" in answer
    image.seed = "x"
    assert copy_check.check(models, image, FRENCH) == (gr.skip(),) * 3


def test_a_file_that_is_no_image_is_refused_in_words(models, tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n")
    with pytest.raises(
        gr.Error, match=r"Cette image ne peut pas être lue.*pas une image dans un format que nous lisons"
    ):
        projection.find(models, {"path": str(tmp_path / "a.jpg")}, "nothing", models.first.name, FRENCH)
    for nothing in (None, "a.jpg", {}, {"path": None}):
        with pytest.raises(gr.Error, match="Choose a picture first"):
            projection.find(models, nothing, "nothing", models.first.name, ENGLISH)


def test_a_model_that_cannot_be_loaded_leaves_the_others(models):
    with pytest.raises(gr.Error, match=r"aucun modèle n’est donné.*Le modèle choisi auparavant reste en place"):
        model_picker.load(models, None, FRENCH)
    assert list(models) == models.bundled


def test_the_history_of_an_unknown_model_is_empty(models):
    assert training_history.show(models, ["x"]) == {"stages": [], "curves": []}
    assert training_history.show(models, models.first.name)["baseline"] == []


def test_the_card_is_shown_without_front_matter_images_and_links_into_the_folder(models, monkeypatch):
    folder = models.first.origin
    card = (
        "---\ntags: [x]\n---\n# Lotus\n\n![grid](samples.webp) [config](config.json) [paper](https://example.org/p)\n"
    )
    (folder / about.CARD).write_text(card, encoding="utf-8")
    section, links, shown = about.show(models, models.first.name, ENGLISH)
    assert shown == "# Lotus\n\n config [paper](https://example.org/p)" and links == "" and section.visible
    monkeypatch.setattr(about, "SPACE", "user/<space>")
    _, links, _ = about.show(models, models.first.name, FRENCH)
    assert "/spaces/user/&lt;space&gt;/tree/main" in links and "Le code source de cette page" in links
    (folder / about.CARD).unlink()
    monkeypatch.undo()
    section, links, shown = about.show(models, models.first.name, ENGLISH)
    assert (links, shown) == ("", "") and not section.visible


def test_the_banner_shows_no_markup_of_others():
    problem = ModelError("unknown", model="<b>")
    assert page.explain(problem, ENGLISH).startswith("<code>&#x27;&lt;b&gt;&#x27; is neither a folder")


@pytest.mark.parametrize(
    ("cookie", "expected"),
    [
        ("lotus_gan_language=fr", "fr"),
        ("a=b; lotus_gan_language=en; c", "en"),
        ("lotus_gan_language=de", "fr"),
        ("lotus_gan_language", "fr"),
        ("", "fr"),
        ("\x00=;;", "fr"),
    ],
)
def test_what_the_browser_has_chosen_goes_before_the_header(cookie, expected):
    request = SimpleNamespace(headers={"accept-language": "fr", "cookie": cookie})
    assert texts.language_of(request) == expected
    assert texts.language_of(None) == "en"


def test_an_error_without_french_words_is_told_in_english():
    assert texts.why(DataError("no_data_folder", folder="x"), FRENCH) == "there is no folder 'x'"
