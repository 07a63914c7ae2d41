"""Every text of the page in English and French, and who gets which.

Texts that stand on the page are chosen by the browser (`static`); sentences that the server makes follow the
request's Accept-Language header (`say`).
"""

import gradio as gr

from lotus_gan.errors import MESSAGES

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
        "The same seed is another flower in another model.",
        "La même graine donne une autre fleur dans un autre modèle.",
    ),
    "any_model": ("Another model", "Un autre modèle"),
    "any_model_label": ("Model", "Modèle"),
    "any_model_info": (
        "The name on the Hub of any model that was trained with this project.",
        "Le nom sur le Hub de tout modèle entraîné avec ce projet.",
    ),
    "any_model_load": ("Load", "Charger"),
    "model_refused": (
        "The model that was chosen before stays.",
        "Le modèle choisi auparavant reste en place.",
    ),
    "link_model": (
        "The link is of the model {model}, which is not here, so this walk is another. Load it under Another model.",
        "Le lien vient du modèle {model}, qui n’est pas chargé : ce parcours n’est donc pas le même. Chargez-le "
        "sous Un autre modèle.",
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
    "key_go": ("Go to {key}", "Aller à {key}"),
    "key_remove": ("Take {key} out of the walk", "Retirer {key} du chemin"),
    "key_found": ("flower {n} (no seed)", "la fleur {n} (sans graine)"),
    "key_add": ("Add a flower to the walk", "Ajouter une fleur au chemin"),
    "format": ("Format", "Format"),
    "size": ("Size", "Taille"),
    "loop": ("Make a loop", "Créer une boucle"),
    "loop_painting": ("Painting the way", "Peinture du chemin"),
    "loop_writing": ("Writing the {format}", "Écriture du {format}"),
    "download": ("↓ Download", "↓ Télécharger"),
    "copy_link": ("Copy link", "Copier le lien"),
    # Explore
    "explore_tab": ("Explore", "Explorer"),
    "flower": ("Flower", "Fleur"),
    "flower_info": (
        "Where it starts: a seed, or the code of a flower.",
        "Le départ : une graine, ou le code d’une fleur.",
    ),
    "amounts": ("Sliders", "Curseurs"),
    "explore_code": ("a flower that has no seed", "une fleur qui n’a pas de graine"),
    "explore_moved": ("{start}, moved", "{start}, déplacée"),
    "reset": ("Back to the start", "Retour au départ"),
    "go_on": ("Go on from here", "Repartir d’ici"),
    "send": ("Send to Interpolate", "Envoyer vers Interpoler"),
    "named_info": (
        "Each slider is a direction in the space of the network’s numbers. ρ says how closely what is seen follows the "
        "slider, measured on a thousand flowers: 1 is always, 0 never.",
        "Chaque curseur est une direction dans l’espace des nombres du réseau. ρ dit à quel point ce que l’on voit "
        "suit le curseur, mesuré sur mille fleurs : 1, toujours ; 0, jamais.",
    ),
    "closed": ("Directions without a name", "Directions sans nom"),
    "closed_info": (
        "Read from the weights of the network’s first layer: the first one moves what comes after it most. See what "
        "they do.",
        "Lues dans les poids de la première couche du réseau : la première déplace le plus ce qui suit. À vous de voir "
        "ce qu’elles font.",
    ),
    "closed_one": ("Direction {n}", "Direction {n}"),
    "principal": ("Principal components", "Composantes principales"),
    "principal_info": (
        "Along these, what the network’s first layers compute varies most from flower to flower.",
        "Ce que calculent les premières couches du réseau varie le plus, d’une fleur à l’autre, le long de celles-ci.",
    ),
    "principal_one": ("Component {n}", "Composante {n}"),
    "direction_colour": ("Petal colour", "Couleur des pétales"),
    "direction_colour_low": ("pale", "pâle"),
    "direction_colour_high": ("deep pink", "rose vif"),
    "direction_warmth": ("Tint", "Teinte"),
    "direction_warmth_low": ("lilac", "mauve"),
    "direction_warmth_high": ("salmon", "saumon"),
    "direction_openness": ("Openness", "Ouverture"),
    "direction_openness_low": ("bud", "bouton"),
    "direction_openness_high": ("open", "épanouie"),
    "direction_camera_height": ("Camera height", "Point de vue"),
    "direction_camera_height_low": ("from the side", "de côté"),
    "direction_camera_height_high": ("from above", "d’en haut"),
    "direction_size": ("Size", "Taille"),
    "direction_size_low": ("small", "petite"),
    "direction_size_high": ("large", "grande"),
    "direction_lean": ("Lean", "Inclinaison"),
    "direction_lean_low": ("to the left", "à gauche"),
    "direction_lean_high": ("to the right", "à droite"),
    "direction_light": ("Light", "Lumière"),
    "direction_light_low": ("low sun", "soleil bas"),
    "direction_light_high": ("high sun", "soleil haut"),
    "direction_leaves": ("Leaves", "Feuilles"),
    "direction_leaves_low": ("dark", "sombres"),
    "direction_leaves_high": ("bright", "claires"),
    "sum": ("Arithmetic: A − B + C", "Arithmétique : A − B + C"),
    "sum_info": (
        "To the network, each flower is a row of numbers, and rows can be added. What A has and B has not is given to "
        "C: a white open flower, minus a pink open one, plus a pink half-closed one, is a white half-closed one.",
        "Pour le réseau, chaque fleur est une suite de nombres, et les suites s’additionnent. Ce que A a et que B n’a "
        "pas est donné à C : une fleur blanche ouverte, moins une rose ouverte, plus une rose mi-close, donne une "
        "blanche mi-close.",
    ),
    "a": ("A", "A"),
    "b": ("B", "B"),
    "c": ("C", "C"),
    "take": ("Start from it", "Partir de là"),
    # Your picture
    "yours_tab": ("Your picture", "Votre image"),
    "task": ("What the network is shown", "Ce que le réseau voit"),
    "task_nothing": ("the picture as it is", "l’image telle quelle"),
    "task_grey": ("without its colours", "sans ses couleurs"),
    "task_hole": ("with a hole in the middle", "avec un trou au milieu"),
    "task_noise": ("through noise", "à travers du bruit"),
    "find": ("Let it paint", "Faire peindre"),
    "searching": ("Searching", "Recherche"),
    "yours_info": (
        "Give it a picture, best one of a flower. The network searches the flower of its own that is most like it, in "
        "about ten seconds. Nothing is kept: files are deleted after an hour.",
        "Donnez-lui une image, de préférence celle d’une fleur. Le réseau cherche, en dix secondes environ, celle de "
        "ses fleurs qui lui ressemble le plus. Rien n’est gardé : les fichiers sont effacés après une heure.",
    ),
    "no_picture": ("Choose a picture first.", "Choisissez d’abord une image."),
    "unreadable": ("This picture cannot be read.", "Cette image ne peut pas être lue."),
    "yours": ("yours", "la vôtre"),
    "damage_grey": ("without its colours", "sans ses couleurs"),
    "damage_hole": ("with a hole", "avec un trou"),
    "damage_noise": ("through noise", "à travers du bruit"),
    "painted": ("painted", "peinte"),
    "fit_near": (
        "Nearly the same picture ({psnr} dB): the network might have painted it by itself.",
        "Presque la même image ({psnr} dB) : le réseau aurait pu la peindre de lui-même.",
    ),
    "fit_like": (
        "A likeness ({psnr} dB): place, colours and form are found, the details are the network’s own.",
        "Une ressemblance ({psnr} dB) : place, couleurs et forme sont trouvées, les détails sont du réseau.",
    ),
    "fit_poor": (
        "A poor fit ({psnr} dB): this network knows lotuses in a pond and nothing else.",
        "Peu ressemblant ({psnr} dB) : ce réseau connaît des lotus dans un étang et rien d’autre.",
    ),
    # How it learnt
    "learnt_tab": ("Training", "Apprentissage"),
    "stages": ("Stage of the training", "Étape de l’entraînement"),
    "stage": (
        "Step {step}: the critic has looked at {kimg} thousand pictures.",
        "Pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "stage_timed": (
        "After {minutes} minutes, step {step}: the critic has looked at {kimg} thousand pictures.",
        "Après {minutes} minutes, pas {step} : le critique a regardé {kimg} milliers d’images.",
    ),
    "rival": (
        "The article’s network, narrowed to a quarter, after {minutes} minutes on the same pictures (step {step}).",
        "Le réseau de l’article, réduit au quart, après {minutes} minutes sur les mêmes images (pas {step}).",
    ),
    "stage_alt": (
        "What the network paints for seeds 0 to 15 after step {step}",
        "Ce que le réseau peint pour les graines 0 à 15 après le pas {step}",
    ),
    "wasserstein": (
        "How far apart the critic holds real and painted pictures",
        "À quelle distance le critique tient les vraies images et les peintes",
    ),
    "kid": ("Distance to real pictures it never saw (KID)", "Distance aux vraies images jamais vues (KID)"),
    "curve_ends": ("{first} at first, {last} at last", "{first} au début, {last} à la fin"),
    "learnt": (
        """<h3>Two networks play against each other</h3>
<p>The generator paints pictures from random numbers. The critic looks at them, and at real ones, and gives each a
score; it wants the real ones far above the painted ones. The generator changes a little so that its pictures
score higher, the critic a little so that they do not, thousands of times. That is a GAN, a generative
adversarial network.</p>
<h3>Why a gradient penalty</h3>
<p>A critic that may shout as loudly as it likes teaches nothing. Here its score may not change faster than the
picture does: the slope of the score is pulled towards 1 between real and painted pictures. Then the gap between
the scores measures how far the painted pictures are from the real ones (the Wasserstein distance), and the
generator always knows which way to go. The first curve is that gap.</p>
<h3>Whose pictures are these?</h3>
<p>The network that comes with this page has learnt from pictures that we drew by code for this purpose and gave
away (CC0), since the question who owns what a network learnt from is not a small one. The flowers it paints are
nobody’s: take them. Each file says in its metadata that a trained network has made it.</p>""",
        """<h3>Deux réseaux jouent l’un contre l’autre</h3>
<p>Le générateur peint des images à partir de nombres tirés au hasard. Le critique les regarde, ainsi que de vraies
images, et donne à chacune une note ; il veut les vraies loin au-dessus des peintes. Le générateur change un peu
pour que ses images soient mieux notées, le critique un peu pour qu’elles ne le soient pas, des milliers de
fois. C’est un GAN, un réseau antagoniste génératif.</p>
<h3>Pourquoi une pénalité de gradient</h3>
<p>Un critique qui peut crier aussi fort qu’il veut n’enseigne rien. Ici sa note ne peut pas changer plus vite que
l’image : la pente de la note est ramenée vers 1 entre les vraies images et les peintes. L’écart des notes
mesure alors à quelle distance les images peintes se trouvent des vraies (la distance de Wasserstein), et le
générateur sait toujours de quel côté aller. La première courbe est cet écart.</p>
<h3>À qui sont ces images ?</h3>
<p>Le réseau qui accompagne cette page a appris sur des images que nous avons dessinées par programme dans ce but
et données à tous (CC0), car savoir à qui appartient ce dont un réseau apprend n’est pas une petite question.
Les fleurs qu’il peint ne sont à personne : prenez-les. Chaque fichier dit dans ses métadonnées qu’un réseau
entraîné l’a fait.</p>""",
    ),
    # The enlarged picture
    "kept": ("Kept in this browser", "Gardées dans ce navigateur"),
    "keep": ("♥ Keep", "♥ Garder"),
    "drop": ("Let go", "Ne plus garder"),
    "first": ("Walk from here", "Partir d’ici"),
    "last": ("Walk to here", "Arriver ici"),
    "explore": ("Explore it", "L’explorer"),
    "check": ("Is it a copy?", "Est-ce une copie ?"),
    "copy_training": ("real", "vraie"),
    "copy_mirrored": ("real, mirrored", "vraie, en miroir"),
    "copy_unknown": (
        "This model comes without an index of its training pictures, so nobody here can say.",
        "Ce modèle vient sans index de ses images d’entraînement : personne ici ne peut le dire.",
    ),
    "copy_yes": (
        "#{seed} is nearer to a training picture than real pictures are to each other: call it a copy.",
        "#{seed} est plus proche d’une image d’entraînement que les vraies images ne le sont entre elles : disons une "
        "copie.",
    ),
    "copy_no": (
        "#{seed} is no copy: {percent} % of the real pictures have a real neighbour nearer than this one has.",
        "#{seed} n’est pas une copie : {percent} % des vraies images ont une vraie voisine plus proche.",
    ),
    "copy_far": (
        "#{seed} is no copy: it is farther from every training picture than nearly all real pictures are from each "
        "other.",
        "#{seed} n’est pas une copie : elle est plus loin de toute image d’entraînement que presque toutes les vraies "
        "images ne le sont entre elles.",
    ),
    "copy_by_features": (
        "The three nearest training pictures, by what a MobileNetV2 sees in them. The percentage says how many real "
        "pictures have another one nearer; 0 would be a copy.",
        "Les trois images d’entraînement les plus proches, d’après ce qu’un MobileNetV2 y voit. Le pourcentage dit "
        "combien de vraies images en ont une autre plus proche ; 0 serait une copie.",
    ),
    "copy_by_pixels": (
        "The three nearest training pictures, compared as pixels at 32 px. The percentage says how many real pictures "
        "have another one nearer; 0 would be a copy.",
        "Les trois images d’entraînement les plus proches, comparées pixel par pixel à 32 px. Le pourcentage dit "
        "combien de vraies images en ont une autre plus proche ; 0 serait une copie.",
    ),
    "done_keep": ("#{seed} is kept.", "#{seed} est gardée."),
    "done_drop": ("#{seed} is no longer kept.", "#{seed} n’est plus gardée."),
    "done_first": ("Interpolate starts at #{seed}.", "Interpoler part de #{seed}."),
    "done_last": ("Interpolate ends at #{seed}.", "Interpoler arrive à #{seed}."),
    # Refusals
    "error_no_name": (
        MESSAGES["no_name"],
        "aucun modèle n’est donné : nommez un dossier ou un modèle du Hub, par exemple user/lotus-gan",
    ),
    "error_no_folder": (
        MESSAGES["no_folder"],
        "il n’y a pas de dossier {model!r}, et un modèle du Hub porte un nom de la forme user/nom",
    ),
    "error_unknown": (
        MESSAGES["unknown"],
        "{model!r} n’est ni un dossier ici ni un modèle du Hub (un modèle privé demande HF_TOKEN)",
    ),
    "error_unreachable": (MESSAGES["unreachable"], "{model!r} n’a pas pu être obtenu du Hub : {detail}"),
    "error_incomplete": (
        MESSAGES["incomplete"],
        "{model} n’a pas de {name} : le dossier d’un modèle contient model.safetensors et config.json",
    ),
    "error_too_large": (
        MESSAGES["too_large"],
        "{path} dépasse {megabytes:g} Mo et n’est donc pas un modèle de ce projet",
    ),
    "error_no_fit": (MESSAGES["no_fit"], "{path} ne correspond pas à son config.json ({detail})"),
    "error_no_config": (MESSAGES["no_config"], "{path} n’est pas la configuration d’un modèle Lotus GAN : {detail}"),
    "error_not_on_hub": (MESSAGES["not_on_hub"], "{model!r} n’est pas un modèle du Hub"),
    "error_same_name": (
        MESSAGES["same_name"],
        "un autre modèle de cette page porte le nom {name!r} : renommez le dossier",
    ),
    "whole_refused": (
        "{field} must be a whole number from {low} to {high}.",
        "{field} : un nombre entier de {low} à {high} est attendu.",
    ),
    "keys_refused": (
        "{field} must be {low} to {high} whole numbers from 0 to {last} with commas between them, such as 3, 7, 9; a "
        "flower that has no seed is named by a code that begins with ~.",
        "{field} : de {low} à {high} nombres entiers de 0 à {last}, séparés par des virgules, sont attendus, par "
        "exemple 3, 7, 9 ; une fleur sans graine est désignée par un code qui commence par ~.",
    ),
    "code_refused": (
        "{field}: {code} is no code of a flower of this model. Perhaps it belongs to another model, or a part of it is "
        "missing.",
        "{field} : {code} n’est pas le code d’une fleur de ce modèle. Peut-être appartient-il à un autre modèle, ou il "
        "en manque une partie.",
    ),
    "key_refused": (
        "{field} must be a whole number from 0 to {last}, or the code of a flower of this model, which begins with ~.",
        "{field} : un nombre entier de 0 à {last} est attendu, ou le code d’une fleur de ce modèle, qui commence par "
        "~.",
    ),
    "amounts_refused": (
        "{field} must be {count} numbers from {low} to {high}.",
        "{field} : {count} nombres de {low} à {high} sont attendus.",
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


def why(error: Exception, request: gr.Request | None) -> str:
    """What an error says, in the language of the request; a code that the page has no words for stays English."""
    code = f"error_{getattr(error, 'code', None)}"
    return say(code, request, **error.values) if code in TEXTS else str(error)


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
