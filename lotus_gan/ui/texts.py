"""Every text of the page in English and French, and who gets which.

Texts that stand on the page are chosen by the browser (`static`); sentences that the server makes follow the
request's Accept-Language header (`say`).
"""

import gradio as gr

TEXTS = {  # key: (English, French)
    "heading": (
        "<h1>Lotus GAN</h1><p>None of these flowers exists. A small network has learnt to paint them, "
        "each from one number.</p>",
        "<h1>Lotus GAN</h1><p>Aucune de ces fleurs n’existe. Un petit réseau a appris à les peindre, "
        "chacune à partir d’un seul nombre.</p>",
    ),
    "fallback": (
        "<strong>The model that was asked for could not be loaded, so you see the one that comes with this page."
        "</strong>",
        "<strong>Le modèle demandé n’a pas pu être chargé ; voici celui qui accompagne cette page.</strong>",
    ),
    "model": ("Model", "Modèle"),
    "model_info": (
        "lotus has seen 2,000 pictures; lotus-68 only 68, as in the article that this page follows.",
        "lotus a vu 2 000 images ; lotus-68 seulement 68, comme dans l’article que cette page suit.",
    ),
    # Generate
    "generate_tab": ("Generate", "Générer"),
    "generate": ("Generate", "Générer"),
    "gallery": ("Flowers, each with its seed", "Des fleurs, chacune avec sa graine"),
    "count": ("Count", "Nombre d’images"),
    "seed": ("Seed", "Graine"),
    "seed_info": ("The same seed always grows the same flower.", "La même graine donne toujours la même fleur."),
    "dice": ("🎲 Roll", "🎲 Tirer"),
    "new_seed": ("New seed each time", "Nouvelle graine à chaque fois"),
    "truncation": ("Truncation", "Troncature"),
    "truncation_info": ("Lower: more typical. Higher: more varied.", "Bas : plus typique. Haut : plus varié."),
    # Interpolate
    "interpolate_tab": ("Interpolate", "Interpoler"),
    "seed_a": ("Seed A", "Graine A"),
    "seed_b": ("Seed B", "Graine B"),
    "seeds": ("Seeds, 2 to 8", "Graines, 2 à 8"),
    "reverse": ("⇄ Reverse", "⇄ Inverser"),
    "play": ("Play", "Lecture"),
    "position": ("Position", "Position"),
    "slider": ("From the first to the last", "De la première à la dernière"),
    "picture": ("Picture", "Image"),
    "walk_info": (
        "Drag the slider, or use the arrow keys: 64 flowers lie between one key and the next, each one painted by the "
        "network.",
        "Faites glisser le curseur ou utilisez les flèches du clavier : 64 fleurs séparent une étape de la suivante, "
        "toutes peintes par le réseau.",
    ),
    "even": ("Even pace", "Allure régulière"),
    "even_info": (
        "Every step changes the picture by as much.",
        "Chaque pas change l’image d’autant.",
    ),
    "key_go": ("Go to #{seed}", "Aller à #{seed}"),
    "key_remove": ("Take #{seed} out of the walk", "Retirer #{seed} du chemin"),
    "key_add": ("Add a flower to the walk", "Ajouter une fleur au chemin"),
    "format": ("Format", "Format"),
    "size": ("Size", "Taille"),
    "loop": ("Make a loop", "Créer une boucle"),
    "loop_painting": ("Painting the way", "Peinture du chemin"),
    "loop_writing": ("Writing the {format}", "Écriture du {format}"),
    "download": ("↓ Download", "↓ Télécharger"),
    "copy_link": ("Copy link", "Copier le lien"),
    # The enlarged picture
    "kept": ("Kept in this browser", "Gardées dans ce navigateur"),
    "keep": ("♥ Keep", "♥ Garder"),
    "drop": ("Let go", "Ne plus garder"),
    "first": ("Walk from here", "Partir d’ici"),
    "last": ("Walk to here", "Arriver ici"),
    "done_keep": ("#{seed} is kept.", "#{seed} est gardée."),
    "done_drop": ("#{seed} is no longer kept.", "#{seed} n’est plus gardée."),
    "done_first": ("Interpolate starts at #{seed}.", "Interpoler part de #{seed}."),
    "done_last": ("Interpolate ends at #{seed}.", "Interpoler arrive à #{seed}."),
    # Refusals
    "whole_refused": (
        "{field} must be a whole number from {low} to {high}.",
        "{field} : un nombre entier de {low} à {high} est attendu.",
    ),
    "seeds_refused": (
        "{field} must be {low} to {high} whole numbers from 0 to {last} with commas between them, such as 3, 7, 9.",
        "{field} : de {low} à {high} nombres entiers de 0 à {last}, séparés par des virgules, sont attendus, par "
        "exemple 3, 7, 9.",
    ),
    "yes_refused": ("{field} must be true or false.", "{field} : true ou false est attendu."),
    "choice_refused": ("{field} must be one of {names}.", "{field} : un choix parmi {names} est attendu."),
    "real_refused": (
        "{field} must be a number from {low} to {high}.",
        "{field} : un nombre de {low} à {high} est attendu.",
    ),
}

LANGUAGES = ("en", "fr")  # the first one is for everybody who asks for neither
_PREFIX = "lotus_"  # Gradio has texts of its own under names such as "slider"
I18N = gr.I18n(**{code: {_PREFIX + key: text[i] for key, text in TEXTS.items()} for i, code in enumerate(LANGUAGES)})


def static(key: str):
    """A text for a component's label or value, translated in the browser."""
    return I18N(_PREFIX + key)


def pairs(*keys: str) -> dict[str, tuple[str, str]]:
    """{key: (English, French)} for a script of the page, which picks by the language of the document."""
    return {key: TEXTS[key] for key in keys}


def say(key: str, request: gr.Request | None, **values) -> str:
    """A text in the language of the request, with its {fields} filled in."""
    header = request.headers.get("accept-language", "") if request and request.headers else ""
    return TEXTS[key][LANGUAGES.index(language(header))].format(**values)


def language(accept: str) -> str:
    """The best of our languages for an Accept-Language header (RFC 9110, 12.5.4): `fr-CA, en;q=0.8` -> "fr".

    A range that cannot be read counts as not sent, `*` stands for the first language that is not refused by name.
    """
    wanted = {}
    for part in accept.lower().split(","):
        tag, _, quality = part.partition(";")
        code = tag.strip().split("-")[0]
        wanted[code] = max(wanted.get(code, 0.0), _quality(quality))
    weights = [wanted.get(code, wanted.get("*", 0.0)) for code in LANGUAGES]
    return LANGUAGES[weights.index(max(weights))]


def _quality(parameter: str) -> float:
    """`q=0.8` -> 0.8; nothing -> 1; what is no number from 0 to 1 -> 0."""
    if not parameter.strip():
        return 1.0
    name, _, value = parameter.partition("=")
    digits = value.strip().replace(".", "", 1)
    quality = float(value) if name.strip() == "q" and digits.isdecimal() else 0.0
    return quality if quality <= 1 else 0.0
