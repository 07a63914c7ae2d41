"""The tab Interpolate."""

TEXTS = {  # key: (English, French)
    "interpolate_tab": ("Interpolate", "Interpoler"),
    "seed_a": ("Seed A", "Graine A"),
    "seed_b": ("Seed B", "Graine B"),
    "seeds": ("Seeds, 2 to 8", "Graines, 2 à 8"),
    "reverse": ("⇄ Reverse", "⇄ Inverser"),
    "play": ("Play", "Lecture"),
    "position": ("Position", "Position"),
    "slider": ("From the first to the last", "De la première à la dernière"),
    "picture": ("Picture", "Image"),
    "interpolation_info": (
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
    "keyframe_go": ("Go to {name}", "Aller à {name}"),
    "keyframe_remove": ("Take {name} out of the walk", "Retirer {name} du chemin"),
    "keyframe_without_seed": ("flower {n} (no seed)", "la fleur {n} (sans graine)"),
    "keyframe_add": ("Add a flower to the walk", "Ajouter une fleur au chemin"),
    "format": ("Format", "Format"),
    "size": ("Size", "Taille"),
    "loop": ("Make a loop", "Créer une boucle"),
    "loop_sampling": ("Painting the way", "Peinture du chemin"),
    "loop_writing": ("Writing the {format}", "Écriture du {format}"),
    "download": ("↓ Download", "↓ Télécharger"),
    "copy_link": ("Copy link", "Copier le lien"),
}
