"""The tab Explore."""

TEXTS = {  # key: (English, French)
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
}
