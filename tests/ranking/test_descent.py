import math
import pickle
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from ranking.checkpoints import Checkpoint
from ranking.descent import descend
from ranking.errors import Diverged, SettingError
from ranking.settings import Descent, Hardware

SETTINGS = Descent(learning_rate=0.05, batch=16, epochs=6, patience=6)


def regressor(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(4, 8), nn.GELU(), nn.Dropout(0.2), nn.Linear(8, 1))


@dataclass
class Sums:
    """To give the sum of four numbers; better the nearer."""

    inputs: torch.Tensor
    held: torch.Tensor

    @classmethod
    def drawn(cls, examples=100):
        generator = torch.Generator().manual_seed(7)
        return cls(torch.randn(examples, 4, generator=generator), torch.randn(50, 4, generator=generator))

    @property
    def examples(self):
        return len(self.inputs)

    def loss(self, module, rows):
        return self._error(module, self.inputs[rows])

    def validate(self, module):
        return -self._error(module, self.held).item()

    @staticmethod
    def _error(module, inputs):
        return nn.functional.mse_loss(module(inputs)[:, 0].float(), inputs.sum(dim=1))


def weights(module):
    return {name: tensor.tolist() for name, tensor in module.state_dict().items()}


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"optimiser": "adam"},
        {"optimiser": "sgd", "learning_rate": 0.02},
        {"l1": 1e-4},
        {"clip": 0},
    ],
)
def test_each_optimiser_learns(settings):
    module, lesson = regressor(), Sums.drawn()
    before = lesson.validate(module.eval())
    outcome = descend(module, lesson, SETTINGS.model_copy(update=settings))
    assert lesson.validate(module) == outcome.best.validation > before / 4
    assert [epoch.number for epoch in outcome.curve] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_half_precision_learns_as_well(precision):
    module, lesson = regressor(), Sums.drawn()
    outcome = descend(module, lesson, SETTINGS, on=Hardware(device="cpu", precision=precision))
    whole = descend(regressor(), lesson, SETTINGS)
    assert outcome.best.validation > 1.5 * whole.best.validation  # both are errors, below 0
    assert outcome.curve != whole.curve
    assert {tensor.dtype for tensor in module.state_dict().values()} == {torch.float32}


def test_l1_shrinks_the_weights_and_spares_the_offsets():
    plain, shrunk = regressor(), regressor()
    descend(plain, Sums.drawn(), SETTINGS)
    descend(shrunk, Sums.drawn(), SETTINGS.model_copy(update={"l1": 0.02}))
    assert shrunk[0].weight.abs().sum() < 0.8 * plain[0].weight.abs().sum()


def test_it_stops_when_validation_no_longer_gets_better_and_keeps_the_best():
    values, seen = iter([0.3, 0.5, 0.4, 0.2, 0.1]), []

    class Worsening(Sums):
        def validate(self, module):
            seen.append(weights(module))
            return next(values)

    lesson = Worsening.drawn()
    module = regressor()
    outcome = descend(module, lesson, SETTINGS.model_copy(update={"patience": 2}))
    assert [epoch.validation for epoch in outcome.curve] == [0.3, 0.5, 0.4, 0.2]
    assert weights(module) == seen[1]


class Stop(Exception):
    pass


@pytest.mark.parametrize("stopped_after", [1, 3, 6])
@pytest.mark.parametrize("optimiser", ["adamw", "sgd"])
def test_cut_off_and_gone_on_it_ends_exactly_where_it_would_have(tmp_path, stopped_after, optimiser):
    settings = SETTINGS.model_copy(update={"optimiser": optimiser, "learning_rate": 0.02})
    whole = regressor()
    expected = descend(whole, Sums.drawn(), settings)

    checkpoint = Checkpoint(tmp_path / "network.pt", "data")

    def die(epoch):
        if epoch.number == stopped_after:
            raise Stop

    with pytest.raises(Stop):
        descend(regressor(), Sums.drawn(), settings, checkpoint=checkpoint, watch=die)
    torch.rand(3)  # what others drew meanwhile
    steps = []
    module = regressor()
    outcome = descend(
        module, Sums.drawn(), settings, checkpoint=checkpoint, progress=lambda what, done, total: steps.append(done)
    )
    assert (outcome, weights(module)) == (expected, weights(whole))
    assert steps == list(range(stopped_after * 7 + 1, 6 * 7 + 1))


@pytest.mark.parametrize(
    ("data", "settings", "seed"),
    [("other", {}, 0), ("data", {"learning_rate": 0.01}, 0), ("data", {"epochs": 7}, 0), ("data", {}, 1)],
)
def test_a_checkpoint_of_other_data_settings_or_first_weights_is_not_taken(tmp_path, data, settings, seed):
    descend(regressor(), Sums.drawn(), SETTINGS, checkpoint=Checkpoint(tmp_path / "network.pt", "data"))
    steps = []
    descend(
        regressor(seed),
        Sums.drawn(),
        SETTINGS.model_copy(update=settings),
        checkpoint=Checkpoint(tmp_path / "network.pt", data),
        progress=lambda what, done, total: steps.append(done),
    )
    assert steps[0] == 1


class Code:
    def __reduce__(self):
        return print, ("this must never run",)


@pytest.mark.parametrize("content", [b"", b"half a fi", pickle.dumps({"data": "data", "start": Code()}, protocol=2)])
def test_a_checkpoint_that_is_damaged_or_holds_code_is_not_taken(tmp_path, content, capsys):
    path = tmp_path / "network.pt"
    path.write_bytes(content)
    outcome = descend(regressor(), Sums.drawn(), SETTINGS, checkpoint=Checkpoint(path, "data"))
    assert len(outcome.curve) == 6
    assert capsys.readouterr().out == ""


def test_where_it_runs_does_not_make_another_training_of_it(tmp_path):
    class Whole(Descent, Hardware):
        pass

    checkpoint = Checkpoint(tmp_path / "network.pt", "data")
    descend(regressor(), Sums.drawn(), Whole(epochs=2), checkpoint=checkpoint)
    steps = []
    descend(
        regressor(),
        Sums.drawn(),
        Whole(epochs=2, device="cpu"),
        checkpoint=checkpoint,
        progress=lambda what, done, total: steps.append(done),
    )
    assert steps == []


def test_ctrl_c_keeps_the_best_so_far_and_passes_where_there_is_none():
    def interrupt(at):
        def progress(what, done, total):
            if done == at:
                raise KeyboardInterrupt

        return progress

    module = regressor()
    outcome = descend(module, Sums.drawn(), SETTINGS, progress=interrupt(10))
    assert outcome.interrupted
    assert [epoch.number for epoch in outcome.curve] == [1]
    assert Sums.drawn().validate(module) == outcome.best.validation
    with pytest.raises(KeyboardInterrupt):
        descend(regressor(), Sums.drawn(), SETTINGS, progress=interrupt(3))


def test_steps_that_are_too_long_are_said_plainly():
    class Exploding(Sums):
        def loss(self, module, rows):
            return super().loss(module, rows) * math.inf

    with pytest.raises(Diverged, match=r"in epoch 1 of the training.*smaller learning_rate than 0.05"):
        descend(regressor(), Exploding.drawn(), SETTINGS)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_said_plainly():
    with pytest.raises(SettingError, match="device=cuda: there are 0 GPUs"):
        descend(regressor(), Sums.drawn(), SETTINGS, on=Hardware(device="cuda"))
