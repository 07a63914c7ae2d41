"""The page as a whole."""

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
    "by_processor": (
        "Painted by your own processor, {ms} ms a picture",
        "Peint par votre propre processeur, {ms} ms par image",
    ),
    "by_server": ("Painted by the server", "Peint par le serveur"),
    "about": ("About this model", "À propos de ce modèle"),
    "about_model": ("The model on the Hub", "Le modèle sur le Hub"),
    "about_source": ("The source of this page", "Le code source de cette page"),
}
