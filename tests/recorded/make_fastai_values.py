"""Records what fastai 2.8 does with learning rates, for the tests to compare with; run it in an environment of its own:

    python3 -m venv /tmp/fastai-venv && /tmp/fastai-venv/bin/pip install 'fastai==2.8.*'
    /tmp/fastai-venv/bin/python tests/recorded/make_fastai_values.py

It writes `fastai_values.json` beside itself. Nothing of the studio is imported.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fastai
import numpy as np
import torch
from fastai.basics import Callback, DataLoaders, Learner, params
from fastai.callback.schedule import minimum, slide, steep, valley
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

RULES = (valley, steep, minimum, slide)
STEPS = 100

CYCLES: list[dict[str, Any]] = [
    *({"epochs": 1, "batches": steps, "rates": [0.01]} for steps in (1, 2, 3, 4, 5, 7, 8, 9)),
    {"epochs": 3, "batches": 7, "rates": [0.01]},
    {"epochs": 3, "batches": 7, "rates": [1e-4, 1e-2]},
    {"epochs": 2, "batches": 5, "rates": [None, 1e-2]},
    {"epochs": 5, "batches": 20, "rates": [1e-5, 3e-3]},
    {"epochs": 2, "batches": 10, "rates": [1e-2], "pct_start": 0.3},
    {"epochs": 2, "batches": 10, "rates": [1e-2], "pct_start": 0.99, "div": 5.0, "div_final": 100.0},
    {"epochs": 1, "batches": 12, "rates": [1e-2], "pct_start": 0.0},
    {"epochs": 1, "batches": 12, "rates": [1e-2], "momenta": [0.9, 0.8, 0.95]},
]

FLATS: list[dict[str, Any]] = [
    {"epochs": 3, "batches": 7, "rates": [1e-4, 1e-2]},
    {"epochs": 1, "batches": 3, "rates": [1e-2]},
    {"epochs": 2, "batches": 10, "rates": [1e-2], "pct_start": 0.5, "div_final": 1000.0},
]


class ExponentialLoss(nn.Module):
    """Overflows soon, and is no number from then on."""

    def forward(self, output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
        return ((output.square() * 8).exp() - target).square().mean()


class Rates(Callback):
    """Every group's rate and the momentum that each step was made with."""

    order = 70

    def before_fit(self) -> None:
        self.lrs: list[list[float]] = []
        self.momenta: list[float] = []

    def after_batch(self) -> None:
        if self.training:
            self.lrs.append([float(f"{hyper['lr']:.12g}") for hyper in self.opt.hypers])
            self.momenta.append(float(f"{self.opt.hypers[-1]['mom']:.12g}"))


def learner(
    *, batches: int, seed: int = 0, batch: int = 4, scale: float = 1.0, hidden: int = 8, loss: nn.Module | None = None
) -> Learner:
    """A network of three layers, each a parameter group, on drawn numbers."""
    torch.manual_seed(seed)
    x = torch.randn(batches * batch, 5) * scale
    y = (x[:, :1] * 2 - x[:, 1:2]).tanh() + 0.1 * torch.randn(len(x), 1)
    if isinstance(loss, nn.CrossEntropyLoss):
        y = (y[:, 0] > 0).long()
    network = nn.Sequential(
        nn.Linear(5, hidden), nn.Sequential(nn.ReLU(), nn.Linear(hidden, hidden)), nn.Linear(hidden, 2)
    )
    if not isinstance(loss, nn.CrossEntropyLoss):
        network = nn.Sequential(*network[:2], nn.Linear(hidden, 1))
    data = TensorDataset(x, y)
    loaders = DataLoaders(DataLoader(data, batch, drop_last=True), DataLoader(data, batch), device=torch.device("cpu"))
    groups = lambda model: [params(part) for part in model]  # noqa: E731
    made = Learner(loaders, network, loss_func=loss or nn.MSELoss(), splitter=groups, path=Path("/tmp/fastai-values"))
    made.remove_cbs([cb for cb in made.cbs if type(cb).__name__ == "ProgressCallback"])
    return made


def peak(rates: Sequence[float | None]) -> float | slice:
    """One rate, `slice(high)` written as None and high, or `slice(low, high)`."""
    if len(rates) == 1:
        return rates[0]  # pyright: ignore[reportReturnType]
    return slice(rates[1]) if rates[0] is None else slice(*rates)


def course(case: dict[str, Any], *, flat: bool) -> dict[str, Any]:
    made, seen = learner(batches=case["batches"]), Rates()
    options = {name: case[name] for name in ("pct_start", "div", "div_final") if name in case}
    with made.no_bar(), made.no_logging():
        if flat:
            made.fit_flat_cos(case["epochs"], lr=peak(case["rates"]), cbs=seen, **options)
        else:
            options["moms"] = tuple(case["momenta"]) if "momenta" in case else None
            made.fit_one_cycle(case["epochs"], lr_max=peak(case["rates"]), cbs=seen, **options)
    return {**case, "lrs": seen.lrs, "momenta_of_steps": seen.momenta}


def suggested(lrs: list[float], losses: list[float]) -> dict[str, Any]:
    """What `lr_find` makes of a recorded sweep, each rule's value and the index of its rate among all."""
    swept = SimpleNamespace(
        dls=SimpleNamespace(train=range(STEPS)),
        no_logging=nullcontext,
        fit=lambda *_args, **_named: None,
        recorder=SimpleNamespace(lrs=lrs, losses=losses),
    )
    found = Learner.lr_find(swept, num_it=STEPS, show_plot=False, suggest_funcs=RULES)._asdict()
    index = {
        rule: int(np.abs(np.log(lrs) - math.log(value * (10 if rule == "minimum" else 1))).argmin())
        for rule, value in found.items()
    }
    return {"losses": [None if math.isnan(v) else float(f"{v:.9g}") for v in losses], "values": found, "index": index}


def sweep(made: Learner, *, stop: bool) -> tuple[list[float], list[float]]:
    with made.no_bar():
        made.lr_find(show_plot=False, suggest_funcs=None, stop_div=stop, num_it=STEPS)
    return [float(v) for v in made.recorder.lrs], [float(v) for v in made.recorder.losses]


def drawn_curves(rates: np.ndarray) -> dict[str, np.ndarray]:
    """Shapes that a small training does not give."""
    x = np.arange(STEPS, dtype=float)
    random = np.random.default_rng(8)
    dip = 2 - 1.5 / (1 + np.exp(-(x - 50) / 5)) + np.exp((x - 85) / 4)
    nan = lambda curve, first: np.where(x >= first, math.nan, curve)  # noqa: E731
    return {
        "a dip": dip,
        "a dip with noise": dip + random.normal(0, 0.02, STEPS),
        "noise alone": 1 + random.normal(0, 0.05, STEPS),
        "falling all along": 3 - x / 50,
        "rising all along": 1 + x / 50,
        "two valleys": 2 + np.cos(x / 8) + x / 200,
        "steps of equal losses": np.floor(20 - x / 10) + 1e-9 * random.normal(0, 1, STEPS),
        "differences that float32 does not hold": 1000 - 1e-6 * x,
        "a dip that ends in NaN": nan(dip, 80),
        "NaN in the last five": nan(dip, 97),
        "NaN early": nan(dip, 45),
        "stopped early": dip[:70],
    }


def main() -> None:
    losses: list[tuple[str, list[float]]] = []
    rates: list[float] = []
    makers: list[tuple[str, Callable[[], Learner], bool]] = [
        ("regression", lambda: learner(batches=20, seed=1), True),
        ("regression, large numbers", lambda: learner(batches=20, seed=2, scale=30), True),
        ("regression, few batches", lambda: learner(batches=5, seed=3, batch=16), True),
        ("regression, wide", lambda: learner(batches=30, seed=4, hidden=64), True),
        ("regression, never stopped", lambda: learner(batches=20, seed=5), False),
        ("classes", lambda: learner(batches=25, seed=6, loss=nn.CrossEntropyLoss()), True),
        ("classes, wide", lambda: learner(batches=40, seed=7, hidden=128, loss=nn.CrossEntropyLoss()), True),
        ("classes, never stopped", lambda: learner(batches=20, seed=8, scale=5, loss=nn.CrossEntropyLoss()), False),
        ("a loss that overflows", lambda: learner(batches=20, seed=9, scale=5, loss=ExponentialLoss()), False),
    ]
    for name, make, stop in makers:
        lrs, found = sweep(make(), stop=stop)
        rates = max(rates, lrs, key=len)
        losses.append((name, found))
    assert len(rates) == STEPS
    losses += [(name, [float(v) for v in curve]) for name, curve in drawn_curves(np.array(rates)).items()]
    curves: list[dict[str, Any]] = []
    for name, curve in losses:
        curves.append({"name": name, **suggested(rates[: len(curve)], curve)})
    values = {
        "fastai": fastai.__version__,
        "torch": torch.__version__,
        "one_cycle": [course(case, flat=False) for case in CYCLES],
        "flat_cosine": [course(case, flat=True) for case in FLATS],
        "lr_find_rates": rates,
        "curves": curves,
    }
    path = Path(__file__).with_name("fastai_values.json")
    path.write_text("{\n" + ",\n".join(f"{json.dumps(k)}: {_lines(v)}" for k, v in values.items()) + "\n}\n")


def _lines(value: Any) -> str:
    """JSON with a line for each case."""
    if isinstance(value, list) and isinstance(value[0], dict):
        return "[\n" + ",\n".join(json.dumps(case) for case in value) + "\n]"
    return json.dumps(value)


if __name__ == "__main__":
    main()
