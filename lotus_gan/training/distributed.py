"""One run on several processes: which rows of a batch each works on, and what they exchange.

    accelerate launch --num_processes 2 train.py --data DIR --output RUN

A process that no launcher started is a world of one, and Accelerate is not imported. Every process draws the whole
batch's random numbers and takes its own rows, and all apply the same mean gradient: the state is the same everywhere,
and a run gives the same model on any number of processes, up to rounding.

The gradients are averaged here, after the backward pass, and not by DistributedDataParallel: its hooks fire in the
middle of a backward pass and expect one forward pass for each, but the critic runs three times an update, once inside
a gradient that is differentiated again. One sum of one flat buffer has no such conditions, and networks this small
have little to gain from sending while they compute.
"""

import importlib.util
import os
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import torch
from torch import nn

from lotus_gan.errors import DistributedError, MissingDependency, UsageError
from lotus_gan.training.device import pick_device

# the others wait while one process evaluates, draws previews or uploads; a dead one is noticed at once all the same
TIMEOUT = timedelta(hours=2)


class Distributed:
    """The processes of one run, as one of them sees them.

    device: a TrainConfig's; precision: a TrainConfig's, to refuse a launcher that asks for another.
    UsageError if the device is not available or the launcher disagrees, MissingDependency without Accelerate.
    """

    def __init__(self, device: str = "auto", precision: str = "fp32"):
        self.rank, self.world_size, self.device = 0, 1, pick_device(device)
        self._accelerator = None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:  # what accelerate launch and torchrun set
            self._accelerator = _accelerator(self.device, precision)
            self.rank, self.world_size = self._accelerator.process_index, self._accelerator.num_processes
            self.device = self._accelerator.device

    @property
    def is_main_process(self) -> bool:
        """Whether this process is the one that writes and prints."""
        return self.rank == 0

    def slices(self, batch_size: int, accumulate: int) -> list[slice]:
        """This process's rows of a batch, in `accumulate` parts of equal size. UsageError if they cannot be equal."""
        size, rest = divmod(batch_size, self.world_size * accumulate)
        if rest:
            least = self.world_size * accumulate
            raise UsageError(
                "uneven_batch", batch_size=batch_size, processes=self.world_size, parts=accumulate, multiple=least
            )
        first = self.rank * accumulate * size
        return [slice(first + i * size, first + (i + 1) * size) for i in range(accumulate)]

    def mean(self, tensor: torch.Tensor) -> torch.Tensor:
        """The mean of every process's tensor of this shape, equal to the bit in all. DistributedError if one died."""
        if self._accelerator is None:
            return tensor
        try:
            return self._accelerator.reduce(tensor, reduction="mean")
        except RuntimeError as error:  # Gloo's and NCCL's own errors
            raise DistributedError("process_ended", detail=str(error).splitlines()[0]) from error

    def mean_gradients(self, parameters: Iterable[torch.Tensor], figures: torch.Tensor) -> torch.Tensor:
        """Replace each gradient by its mean over the processes; the same for some figures (K,), which are returned.
        A parameter without a gradient has none in any process."""
        if self.world_size == 1:
            return figures
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        mean = self.mean(torch.cat([figures.float(), *(gradient.flatten() for gradient in gradients)]))
        sizes = [len(figures), *(gradient.numel() for gradient in gradients)]
        figures, *means = mean.split(sizes)
        for gradient, value in zip(gradients, means, strict=True):
            gradient.copy_(value.view(gradient.shape))
        return figures

    def any(self, here: bool) -> bool:
        """Whether it is true in any process: a signal may reach one of them only, and all must stop at one step."""
        if self.world_size == 1:
            return here
        return bool(self.mean(torch.tensor(float(here), device=self.device)) > 0)

    def check_same(self, what: object, name: str) -> None:
        """UsageError if the processes do not hold the same: machines may have different disks."""
        if self.world_size > 1:
            from accelerate.utils import gather_object

            seen = gather_object([what])
            if any(other != seen[0] for other in seen):
                raise UsageError("processes_differ", name=name)

    def synchronise_batch_norm(self, network: nn.Module) -> None:
        """Let each BatchNorm2d of the network take its moments over all processes; names and parameters stay."""
        if self.world_size == 1:
            return
        for parent in list(network.modules()):
            for name, child in list(parent.named_children()):
                if type(child) is nn.BatchNorm2d:
                    setattr(parent, name, SyncBatchNorm(child, self))

    def close(self) -> None:
        """After the last step; nothing may be exchanged any more."""
        if self.world_size > 1:
            torch.distributed.destroy_process_group()


def _accelerator(device: torch.device, precision: str) -> Any:
    if importlib.util.find_spec("accelerate") is None:
        raise MissingDependency("no_accelerate")
    from accelerate import Accelerator, InitProcessGroupKwargs

    # autocast is the trainer's (--precision): a launcher that asks for something else must not be passed over
    asked = os.environ.get("ACCELERATE_MIXED_PRECISION", "no")
    if asked not in ("no", precision):
        raise UsageError("launcher_precision", launcher=asked, run=precision)
    timeout = InitProcessGroupKwargs(timeout=TIMEOUT)
    return Accelerator(cpu=device.type == "cpu", mixed_precision="no", kwargs_handlers=[timeout])


class _Mean(torch.autograd.Function):
    """`Distributed.mean` with its gradient. y = mean of x over the processes, and the loss is the mean of theirs, so
    the gradient is the mean of dL/dy too. Never differentiated twice: the penalty runs through the critic only."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, distributed: Distributed) -> torch.Tensor:
        ctx.distributed = distributed
        return distributed.mean(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        return ctx.distributed.mean(gradient.contiguous()), None


class SyncBatchNorm(nn.BatchNorm2d):
    """BatchNorm2d with the moments of all processes' rows; PyTorch's own SyncBatchNorm works on GPUs only.

    The variance is taken about the common mean, in a second exchange: a mean of squares less a squared mean would lose
    digits. In eval mode it is BatchNorm2d.
    """

    def __init__(self, plain: nn.BatchNorm2d, distributed: Distributed):
        super().__init__(plain.num_features, plain.eps, plain.momentum)
        self.weight, self.bias = plain.weight, plain.bias
        self.running_mean, self.running_var = plain.running_mean, plain.running_var
        self.num_batches_tracked = plain.num_batches_tracked
        self.distributed = distributed

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(N, C, H, W) -> the same shape and type."""
        if not self.training:
            return super().forward(x)
        values = x.float()
        mean = _Mean.apply(values.mean((0, 2, 3)), self.distributed)
        centred = values - mean[:, None, None]
        variance = _Mean.apply(centred.square().mean((0, 2, 3)), self.distributed)
        assert self.running_mean is not None and self.running_var is not None and self.momentum is not None
        assert self.num_batches_tracked is not None  # as in every BatchNorm2d of ours
        with torch.no_grad():
            count = self.distributed.world_size * x.numel() / x.shape[1]
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * count / (count - 1), self.momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(x.dtype)
