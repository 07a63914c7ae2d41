"""The tab Your picture."""

TEXTS = {  # key: (English, French)
    "projection_tab": ("Your picture", "Votre image"),
    "task": ("What the network is shown", "Ce que le réseau voit"),
    "task_nothing": ("the picture as it is", "l’image telle quelle"),
    "task_grey": ("without its colours", "sans ses couleurs"),
    "task_hole": ("with a hole in the middle", "avec un trou au milieu"),
    "task_noise": ("through noise", "à travers du bruit"),
    "find": ("Find the nearest image", "Chercher l’image la plus proche"),
    "searching": ("Searching", "Recherche"),
    "projection_info": (
        "Give it a picture, best one of a flower. In about ten seconds the network finds the flower of its own that is "
        "most like it. Nothing is kept: files are deleted after an hour.",
        "Donnez-lui une image, de préférence celle d’une fleur. Le réseau cherche, en dix secondes environ, celle de "
        "ses fleurs qui lui ressemble le plus. Rien n’est gardé : les fichiers sont effacés après une heure.",
    ),
    "no_image": ("Choose a picture first.", "Choisissez d’abord une image."),
    "unreadable": ("This picture cannot be read.", "Cette image ne peut pas être lue."),
    "target": ("yours", "la vôtre"),
    "damage_grey": ("without its colours", "sans ses couleurs"),
    "damage_hole": ("with a hole", "avec un trou"),
    "damage_noise": ("through noise", "à travers du bruit"),
    "projection": ("generated", "générée"),
    "fit_near": (
        "Nearly the same picture ({psnr} dB): the network might have generated it by itself.",
        "Presque la même image ({psnr} dB) : le réseau aurait pu la générer de lui-même.",
    ),
    "fit_like": (
        "A likeness ({psnr} dB): place, colours and form are found, the details are the network’s own.",
        "Une ressemblance ({psnr} dB) : place, couleurs et forme sont trouvées, les détails sont du réseau.",
    ),
    "fit_poor": (
        "A poor fit ({psnr} dB): this network knows lotuses in a pond and nothing else.",
        "Peu ressemblant ({psnr} dB) : ce réseau connaît des lotus dans un étang et rien d’autre.",
    ),
}
