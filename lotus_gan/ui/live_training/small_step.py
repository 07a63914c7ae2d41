"""The WGAN-GP step at 32 px, as plain as the article's: a few updates of the critic, then one of the generator.

step = SmallStep(images)          # (N, 3, 32, 32) in [-1, 1]
for _ in range(100):
    wasserstein, penalty = step()
images = step.average(z)
"""

import copy
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from lotus_gan.files import atomic_write
from lotus_gan.models.losses import critic_loss, generator_loss, gradient_penalty
from lotus_gan.models.small import SmallCritic, SmallGenerator

BATCH_SIZE = 32
N_CRITIC = 3  # the article has 5; within three minutes 3 come further
LAMBDA_GP = 10
LEARNING_RATE = 1e-3  # ten times the article's, for so small a network and so short a time
BETAS = (0.0, 0.9)
AVERAGE = 0.99  # of the generator's weights, a step; the first steps count less


class SmallStep:
    """Both networks, their optimizers and the moving average `average`; a call is one step.

    images: (N, 3, 32, 32) in [-1, 1]. steps: how many have been taken. All random numbers come from `seed`.
    """

    def __init__(self, images: torch.Tensor, seed: int = 0):
        self.images, self.steps = images, 0
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.generator, self.critic = SmallGenerator(), SmallCritic()
        self.average = copy.deepcopy(self.generator).eval()
        self.rng = torch.Generator().manual_seed(seed)
        self.optimizers = {
            name: torch.optim.Adam(network.parameters(), LEARNING_RATE, betas=BETAS)
            for name, network in (("generator", self.generator), ("critic", self.critic))
        }

    @property
    def kimg(self) -> float:
        """How many thousand real images the critic has seen."""
        return self.steps * N_CRITIC * BATCH_SIZE / 1000

    def __call__(self) -> tuple[float, float]:
        """Take one step: the Wasserstein estimate (score of real minus fake) and the penalty, means of its updates."""
        figures = torch.stack([self._update_critic() for _ in range(N_CRITIC)]).mean(0)
        self._update_generator()
        self.steps += 1
        self._update_average()
        wasserstein, penalty = figures.tolist()
        return wasserstein, penalty

    def _update_critic(self) -> torch.Tensor:
        real = self._real()
        with torch.no_grad():
            fake = self.generator(self._z())
        real_scores, fake_scores = self.critic(torch.cat([real, fake])).split(BATCH_SIZE)
        loss = critic_loss(real_scores, fake_scores)
        penalty = gradient_penalty(self.critic, real, fake, generator=self.rng)
        self._update("critic", loss + LAMBDA_GP * penalty)
        return torch.stack([-loss, penalty]).detach()

    def _update_generator(self) -> None:
        self.critic.requires_grad_(False)  # its gradients are not wanted here, and cost time
        self._update("generator", generator_loss(self.critic(self.generator(self._z()))))
        self.critic.requires_grad_(True)

    def _update(self, name: str, loss: torch.Tensor) -> None:
        self.optimizers[name].zero_grad()
        loss.backward()
        self.optimizers[name].step()

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(AVERAGE, self.steps / (self.steps + 20))
        state = self.generator.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(state[name], 1 - keep)
            else:
                value.copy_(state[name])

    def _real(self) -> torch.Tensor:
        """A batch of real images, half of them mirrored."""
        batch = self.images[torch.randint(len(self.images), (BATCH_SIZE,), generator=self.rng)]
        mirrored = torch.rand(BATCH_SIZE, generator=self.rng) < 0.5
        return torch.where(mirrored[:, None, None, None], batch.flip(3), batch)

    def _z(self) -> torch.Tensor:
        return torch.randn(BATCH_SIZE, self.generator.z_dim, generator=self.rng)

    # --- to go on later: everything a step depends on

    def save(self, path: Path) -> None:
        """Write networks, optimizers and random state, so that `load` goes on exactly from here."""
        tensors = {"steps": torch.tensor(self.steps), "rng": self.rng.get_state()}
        for name, network in self._networks().items():
            tensors |= {f"{name}.{key}": value.contiguous() for key, value in network.state_dict().items()}
        for name, optimizer in self.optimizers.items():
            for i, moments in optimizer.state_dict()["state"].items():
                tensors |= {f"adam.{name}.{i}.{key}": value for key, value in moments.items()}
        with atomic_write(path) as part:
            save_file(tensors, part)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote."""
        tensors = load_file(path)
        self.steps = int(tensors["steps"])
        self.rng.set_state(tensors["rng"])
        for name, network in self._networks().items():
            network.load_state_dict({key: tensors[f"{name}.{key}"] for key in network.state_dict()})
        for name, optimizer in self.optimizers.items():
            state: dict[int, dict[str, torch.Tensor]] = {}
            for key, value in tensors.items():
                if key.startswith(f"adam.{name}."):
                    _, _, i, moment = key.split(".")
                    state.setdefault(int(i), {})[moment] = value
            optimizer.load_state_dict(optimizer.state_dict() | {"state": state})

    def _networks(self) -> dict[str, torch.nn.Module]:
        return {"generator": self.generator, "critic": self.critic, "average": self.average}
