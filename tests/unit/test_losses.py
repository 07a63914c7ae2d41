"""Numbers that can be checked by hand: closed forms of the penalty for critics whose gradient is known."""

import pytest
import torch

from lotus_gan import critic_loss, generator_loss, gradient_penalty

N, SHAPE = 6, (3, 4, 4)


@pytest.fixture
def samples():
    rng = torch.Generator().manual_seed(0)
    real, fake = torch.randn(2, N, *SHAPE, generator=rng, dtype=torch.float64)
    return real, fake


def rng(seed=1):
    return torch.Generator().manual_seed(seed)


def points(real, fake, seed=1):
    """The points that the penalty draws, by the plain formula."""
    t = torch.rand(len(real), 1, 1, 1, generator=rng(seed), dtype=real.dtype)
    return (1 - t) * real + t * fake


def test_wasserstein_losses():
    assert critic_loss(torch.tensor([3.0, 5.0]), torch.tensor([1.0, 0.0])) == 0.5 - 4
    assert generator_loss(torch.tensor([1.0, 0.0])) == -0.5


@pytest.mark.parametrize("length", [0.0, 0.5, 1.0, 7.0])
def test_linear_critic(samples, length):
    """w.x has gradient w everywhere: the penalty is exactly (||w|| - 1)^2."""
    w = torch.ones(SHAPE, dtype=torch.float64) * length / 48**0.5
    penalty = gradient_penalty(lambda x: (w * x).flatten(1).sum(1), *samples)
    torch.testing.assert_close(penalty, torch.tensor((length - 1.0) ** 2, dtype=torch.float64))


def test_quadratic_critic(samples):
    """a/2 |x|^2 has gradient a x: the penalty is the mean of (a |x| - 1)^2 over the drawn points."""
    a = 0.3
    penalty = gradient_penalty(lambda x: a / 2 * x.flatten(1).square().sum(1), *samples, generator=rng())
    norms = points(*samples).flatten(1).norm(dim=1)
    torch.testing.assert_close(penalty, (a * norms - 1).square().mean())


def test_gradient_reaches_the_critic_in_closed_form(samples):
    """d/da mean (a |x| - 1)^2 = mean 2 (a |x| - 1) |x|."""
    a = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    gradient_penalty(lambda x: a / 2 * x.flatten(1).square().sum(1), *samples, generator=rng()).backward()
    norms = points(*samples).flatten(1).norm(dim=1)
    torch.testing.assert_close(a.grad, (2 * (0.3 * norms - 1) * norms).mean())


def test_gradient_agrees_with_finite_differences(samples):
    """A small convolutional critic in float64, a step of 1e-6 in each of its parameters."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        critic = torch.nn.Sequential(
            torch.nn.Conv2d(3, 2, 3), torch.nn.Tanh(), torch.nn.Flatten(), torch.nn.Linear(8, 1)
        ).double()

    def penalty():
        return gradient_penalty(critic, *samples, generator=rng())

    penalty().backward()
    for parameter in critic.parameters():
        flat = parameter.data.view(-1)
        # the last bias shifts every score alike, so autograd may leave its gradient out
        gradient = torch.zeros_like(flat) if parameter.grad is None else parameter.grad.view(-1)
        for i in range(0, len(flat), 5):
            kept = flat[i].item()
            flat[i] = kept + 1e-6
            above = penalty().item()
            flat[i] = kept - 1e-6
            below = penalty().item()
            flat[i] = kept
            assert gradient[i].item() == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-8)


def test_each_sample_has_its_own_point(samples):
    """From all-zero reals to all-one fakes a point is its own t: N different ones, uniform in [0, 1]."""
    scored = []
    real, fake = torch.zeros(2000, 1, 2, 2), torch.ones(2000, 1, 2, 2)
    gradient_penalty(lambda x: scored.append(x) or x.flatten(1).sum(1), real, fake, generator=rng())
    t = scored[0].detach().flatten(1)
    assert (t == t[:, :1]).all()  # one point a sample, not one a pixel
    assert len(t[:, 0].unique()) > 1990  # not one for the batch
    assert 0 <= t.min() < 0.01 and 0.99 < t.max() <= 1
    assert t.mean().item() == pytest.approx(0.5, abs=0.03)  # 4.6 standard errors


def test_independent_of_neighbours(samples):
    """Every batch of one, with its own point, averages to the penalty of the whole batch."""
    real, fake = samples

    def critic(x):
        return x.flatten(1).square().sum(1).sqrt() * x.flatten(1).mean(1)

    whole = gradient_penalty(critic, real, fake, generator=rng())
    at = points(real, fake)
    alone = [gradient_penalty(critic, at[i : i + 1], at[i : i + 1]) for i in range(N)]
    torch.testing.assert_close(whole, torch.stack(alone).mean())


def test_zero_gradient_is_finite(samples):
    """A critic that ignores its input: the norm is 0, the penalty 1 and its gradient finite."""
    weight = torch.zeros((), dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(lambda x: (weight * x).flatten(1).sum(1), *samples)
    penalty.backward()
    assert penalty.item() == 1
    assert weight.grad.isfinite()


def test_same_generator_same_points(samples):
    real, fake = samples

    def critic(x):
        return x.flatten(1).square().sum(1)

    first, second = (gradient_penalty(critic, real, fake, generator=rng(5)) for _ in range(2))
    assert torch.equal(first, second)
    assert not torch.equal(first, gradient_penalty(critic, real, fake, generator=rng(6)))


def test_different_shapes_are_refused(samples):
    with pytest.raises(ValueError, match="same shape"):
        gradient_penalty(lambda x: x.flatten(1).sum(1), samples[0], samples[1][:1])


def test_points_that_are_given_are_taken(samples):
    real, fake = samples

    def critic(x):
        return x.flatten(1).square().sum(1)

    t = torch.rand(N, generator=rng(), dtype=real.dtype)
    given = gradient_penalty(critic, real, fake, points=t)
    assert torch.equal(given, gradient_penalty(critic, real, fake, generator=rng()))
