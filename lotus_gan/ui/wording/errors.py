"""Errors: error_<code> is the French of lotus_gan.errors.MESSAGES, the others belong to ui.arguments."""

from lotus_gan.errors import MESSAGES

TEXTS = {  # key: (English, French)
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
    "error_too_many_models": (
        MESSAGES["too_many_models"],
        "{most} visiteurs utilisent déjà un modèle à eux : réessayez dans dix minutes",
    ),
    "error_live_twice": (MESSAGES["live_twice"], "vous avez déjà une place dans la file"),
    "error_live_full": (
        MESSAGES["live_full"],
        "{places} visiteurs entraînent ou attendent déjà : réessayez dans quelques minutes",
    ),
    "error_live_full_of_client": (
        MESSAGES["live_full_of_client"],
        "{places} visiteurs de votre adresse entraînent ou attendent déjà : réessayez dans quelques minutes",
    ),
    "error_same_name": (
        MESSAGES["same_name"],
        "un autre modèle de cette page porte le nom {name!r} : renommez le dossier",
    ),
    "error_other_format": (
        MESSAGES["other_format"],
        "ce n’est pas une image dans un format que nous lisons, quel que soit son nom",
    ),
    "error_too_many_pixels": (
        MESSAGES["too_many_pixels"],
        "plus de {megapixels:.0f} mégapixels, enregistrez-la en plus petit",
    ),
    "error_broken_image": (MESSAGES["broken_image"], "image endommagée ({detail})"),
    "error_empty_file": (MESSAGES["empty_file"], "le fichier est vide"),
    "error_no_heic": (
        MESSAGES["no_heic"],
        "format HEIC, celui des iPhones, que `pip install pillow-heif` permet de lire",
    ),
    "whole_refused": (
        "{field} must be a whole number from {low} to {high}.",
        "{field} : un nombre entier de {low} à {high} est attendu.",
    ),
    "keyframes_refused": (
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
    "latent_id_refused": (
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
