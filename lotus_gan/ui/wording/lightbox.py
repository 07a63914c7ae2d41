"""The enlarged image, and the copy check."""

TEXTS = {  # key: (English, French)
    "favourites": ("Kept in this browser", "Gardées dans ce navigateur"),
    "keep": ("♥ Keep", "♥ Garder"),
    "drop": ("Let go", "Ne plus garder"),
    "first": ("Interpolate from here", "Interpoler d’ici"),
    "last": ("Interpolate to here", "Interpoler jusqu’ici"),
    "explore": ("Explore it", "L’explorer"),
    "check": ("Is it a copy?", "Est-ce une copie ?"),
    "copy_training": ("real", "vraie"),
    "copy_mirrored": ("real, mirrored", "vraie, en miroir"),
    "copy_unknown": (
        "This model comes without an index of its training images, so nobody here can say.",
        "Ce modèle vient sans index de ses images d’entraînement : personne ici ne peut le dire.",
    ),
    "copy_yes": (
        "#{seed} is nearer to a training image than real images are to each other: call it a copy.",
        "#{seed} est plus proche d’une image d’entraînement que les vraies images ne le sont entre elles : disons une "
        "copie.",
    ),
    "copy_no": (
        "#{seed} is no copy: {percent} % of the real images have a real neighbour nearer than this one has.",
        "#{seed} n’est pas une copie : {percent} % des vraies images ont une vraie voisine plus proche.",
    ),
    "copy_far": (
        "#{seed} is no copy: it is farther from every training image than nearly all real images are from each other.",
        "#{seed} n’est pas une copie : elle est plus loin de toute image d’entraînement que presque toutes les vraies "
        "images ne le sont entre elles.",
    ),
    "copy_by_features": (
        "The three nearest training images, by what a MobileNetV2 sees in them. The percentage says how many real "
        "images have another one nearer; 0 would be a copy.",
        "Les trois images d’entraînement les plus proches, d’après ce qu’un MobileNetV2 y voit. Le pourcentage dit "
        "combien de vraies images en ont une autre plus proche ; 0 serait une copie.",
    ),
    "copy_by_pixels": (
        "The three nearest training images, compared as pixels at 32 px. The percentage says how many real images "
        "have another one nearer; 0 would be a copy.",
        "Les trois images d’entraînement les plus proches, comparées pixel par pixel à 32 px. Le pourcentage dit "
        "combien de vraies images en ont une autre plus proche ; 0 serait une copie.",
    ),
    "done_keep": ("#{seed} is kept.", "#{seed} est gardée."),
    "done_drop": ("#{seed} is no longer kept.", "#{seed} n’est plus gardée."),
    "done_first": ("Interpolate starts at #{seed}.", "Interpoler part de #{seed}."),
    "done_last": ("Interpolate ends at #{seed}.", "Interpoler arrive à #{seed}."),
}
