import math
from dataclasses import FrozenInstanceError, fields

import pytest

from vaedemo.configs import ModelConfig, TrainConfig
from vaedemo.errors import ConfigError

WRONG = [
    (ModelConfig, {"kind": "gan"}),
    (ModelConfig, {"latent_dim": 0}),
    (ModelConfig, {"latent_dim": 10**9}),
    (ModelConfig, {"channels": 2}),
    (ModelConfig, {"size": 4}),
    (ModelConfig, {"size": 30}),
    (ModelConfig, {"likelihood": "poisson"}),
    (ModelConfig, {"beta": -1.0}),
    (ModelConfig, {"beta": math.nan}),
    (ModelConfig, {"beta": math.inf}),
    (ModelConfig, {"widths": ()}),
    (ModelConfig, {"blocks": -1}),
    (ModelConfig, {"hidden": 0}),
    (TrainConfig, {"epochs": 0}),
    (TrainConfig, {"epochs": math.nan}),
    (TrainConfig, {"batch_size": 0}),
    (TrainConfig, {"lr": 0.0}),
    (TrainConfig, {"lr": 2.0}),
    (TrainConfig, {"warmup": -1}),
    (TrainConfig, {"weight_decay": -0.1}),
    (TrainConfig, {"clip": 0.0}),
    (TrainConfig, {"average": 1.0}),
    (TrainConfig, {"bfloat16": "maybe"}),
    (TrainConfig, {"seed": -1}),
]


@pytest.mark.parametrize(("config", "setting"), WRONG, ids=lambda v: str(v))
def test_a_wrong_setting_is_named(config, setting):
    (name,) = setting
    with pytest.raises(ConfigError, match=name.split("_")[0]):
        config(**setting)


@pytest.mark.parametrize("config", [ModelConfig, TrainConfig])
def test_configs_are_frozen_and_carry_their_help(config):
    made = config()
    with pytest.raises(FrozenInstanceError):
        made.seed = 3
    assert all(f.metadata.get("help") for f in fields(config))
