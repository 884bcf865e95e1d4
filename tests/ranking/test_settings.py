import json

import pytest

from ranking.errors import SettingError
from ranking.settings import TrainingSettings, changed

KNOWN = ", ".join(TrainingSettings.model_fields)


def test_changes_are_read_as_their_settings_want_them_and_later_ones_win():
    given = ["optimiser=sgd", "l1=1e-5", "batch = 64", "precision=32", "without=price,brand", "batch=32"]
    expected = {"optimiser": "sgd", "l1": 1e-5, "batch": 32, "precision": "32", "without": ("price", "brand")}
    assert changed(TrainingSettings(), given) == TrainingSettings.model_validate(expected)


@pytest.mark.parametrize(
    "content", ["learning_rate: 1e-3\nhidden: 16\n", json.dumps({"learning_rate": 1e-3, "hidden": 16})]
)
def test_changes_may_come_from_a_file(tmp_path, content):
    path = tmp_path / "best.yaml"
    path.write_text(content)
    assert changed(TrainingSettings(), [f"@{path}", "hidden=8"]) == TrainingSettings(learning_rate=1e-3, hidden=8)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("batch=0", "batch=0: it should be greater than or equal to 1."),
        ("dropout=1", "dropout=1: it should be less than 1."),
        ("optimiser=adamm", "optimiser=adamm: it should be 'adamw', 'adam' or 'sgd'."),
        ("precision=8", "precision=8: it should be '32', 'bf16' or 'fp16'."),
        ("device=gpu", "device=gpu: it should be auto, cpu, cuda or cuda:NUMBER."),
        ("epochs=many", "epochs=many: it should be a valid integer, unable to parse string as an integer."),
        ("lerning_rate=1", f"There is no setting 'lerning_rate': did you mean learning_rate? There are: {KNOWN}."),
        ("seed.sub=1", f"There is no setting 'seed.sub': did you mean seed? There are: {KNOWN}."),
        ("batch", "--set wants NAME=VALUE or @FILE, not 'batch'."),
    ],
)
def test_what_is_wrong_with_a_setting_is_said(change, said):
    with pytest.raises(SettingError) as raised:
        changed(TrainingSettings(), [change])
    assert str(raised.value) == said


@pytest.mark.parametrize(
    ("content", "said"), [("[1, 2]", "it holds no names with values."), ("a: [", "it cannot be read (")]
)
def test_a_file_that_holds_no_settings_is_said(tmp_path, content, said):
    path = tmp_path / "best.yaml"
    path.write_text(content)
    with pytest.raises(SettingError) as raised:
        changed(TrainingSettings(), [f"@{path}"])
    assert str(raised.value).startswith(f"--set @{path}: {said}")
