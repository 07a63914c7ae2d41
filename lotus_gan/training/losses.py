"""The losses are in lotus_gan/models/losses.py, where the page may import them, too; this name keeps working."""

from lotus_gan.models.losses import critic_loss, generator_loss, gradient_penalty

__all__ = ["critic_loss", "generator_loss", "gradient_penalty"]
