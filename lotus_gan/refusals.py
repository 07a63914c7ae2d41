"""Why a model is refused: each sentence under a name, so that the page can say it in the language of who asks.

    raise refusal(ValueError, "too_large", path=path, megabytes=256)

Its text is English; its `reason` and `values` are what another language needs.
"""

REASONS = {  # name: (English, French)
    "no_name": (
        "no model given: name a folder or a Hub id such as user/lotus-gan",
        "aucun modèle n’est donné : nommez un dossier ou un modèle du Hub, par exemple user/lotus-gan",
    ),
    "no_folder": (
        "there is no folder {model!r}, and a Hub id has the form user/name",
        "il n’y a pas de dossier {model!r}, et un modèle du Hub porte un nom de la forme user/nom",
    ),
    "unknown": (
        "{model!r} is neither a folder here nor a model on the Hub (a private one needs HF_TOKEN)",
        "{model!r} n’est ni un dossier ici ni un modèle du Hub (un modèle privé demande HF_TOKEN)",
    ),
    "unreachable": (
        "{model!r} could not be fetched from the Hub: {detail}",
        "{model!r} n’a pas pu être obtenu du Hub : {detail}",
    ),
    "incomplete": (
        "{model} has no {name}: a model folder holds model.safetensors and config.json",
        "{model} n’a pas de {name} : le dossier d’un modèle contient model.safetensors et config.json",
    ),
    "too_large": (
        "{path} is larger than {megabytes:g} MB, and so no model of this project",
        "{path} dépasse {megabytes:g} Mo et n’est donc pas un modèle de ce projet",
    ),
    "no_fit": (
        "{path} does not fit its config.json ({detail})",
        "{path} ne correspond pas à son config.json ({detail})",
    ),
    "no_config": (
        "{path} is not the config of a Lotus GAN model: {detail}",
        "{path} n’est pas la configuration d’un modèle Lotus GAN : {detail}",
    ),
    "not_on_hub": ("{model!r} is not a model on the Hub", "{model!r} n’est pas un modèle du Hub"),
    "same_name": (
        "another model of this page has the name {name!r}: rename the folder",
        "un autre modèle de cette page porte le nom {name!r} : renommez le dossier",
    ),
}


def refusal(kind: type[Exception], reason: str, **values) -> Exception:
    """An error of a kind, with its reason (one of REASONS) and the values that its sentence names."""
    error = kind(REASONS[reason][0].format(**values))
    error.reason, error.values = reason, values
    return error
