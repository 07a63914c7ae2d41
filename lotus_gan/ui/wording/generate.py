"""The tab Generate."""

TEXTS = {  # key: (English, French)
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
}
