"""Where the training images come from, as declared by the person who trains. Nothing here is guessed.

Provenance("my-photos", license="cc-by-4.0", source="I took them in the botanical garden of my town and own them.")
"""

from dataclasses import dataclass

from lotus_gan.errors import UsageError

# What the Hub knows (its page "Licenses"), without those made for one company's models.
LICENSES = (
    *("cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "cc-by-sa-3.0", "cc-by-sa-4.0", "cc-by-nc-2.0"),
    *("cc-by-nc-3.0", "cc-by-nc-4.0", "cc-by-nd-4.0", "cc-by-nc-nd-3.0", "cc-by-nc-nd-4.0", "cc-by-nc-sa-2.0"),
    *("cc-by-nc-sa-3.0", "cc-by-nc-sa-4.0", "cc", "pddl", "odc-by", "odbl", "cdla-sharing-1.0", "cdla-permissive-1.0"),
    *("cdla-permissive-2.0", "c-uda", "etalab-2.0", "gfdl", "unlicense", "wtfpl", "mit", "apache-2.0", "openrail"),
    *("unknown", "other"),
)
MAX_SOURCE = 500  # characters: a sentence or two


@dataclass(frozen=True)
class Provenance:
    """The origin of the training images, for the model card.

    data: the name of the data. license: one of LICENSES. source: where the images come from and who owns them, in 1 to
    500 characters. dataset: their id, if they are on the Hub. UsageError (a ValueError) says what is allowed.
    """

    data: str
    license: str | None = None
    source: str | None = None
    dataset: str | None = None

    def __post_init__(self):
        if self.license is not None and self.license not in LICENSES:
            raise UsageError("no_license", license=self.license, names=", ".join(LICENSES))
        if self.source is not None and (not self.source.strip() or len(self.source) > MAX_SOURCE):
            raise UsageError("bad_provenance", high=MAX_SOURCE)

    def describe(self) -> str:
        """A paragraph for the model card."""
        source = "not declared" if self.source is None else " ".join(self.source.split())
        license = "not declared" if self.license is None else f"{self.license}, and this model the same"
        return (
            f"The images are those of {self.data}. Who trained the model declared:\n\n"
            f"- where they come from and who owns them: {source}\n- their licence: {license}"
        )
