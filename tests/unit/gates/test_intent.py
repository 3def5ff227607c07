from dataclasses import asdict

import pytest

from qie_batch.gates.intent import intent_of


def allowed(instruction):
    return {name for name, value in asdict(intent_of(instruction)).items() if value}


@pytest.mark.parametrize(
    ("instruction", "names"),
    [
        ("make the background light blue", {"background"}),
        ("put the bottle on a marble table", {"background"}),
        ("换成浅灰色背景", {"background"}),
        ("把沙发放在客厅里。保持沙发不变", {"background"}),
        ("white background with a soft shadow", {"background"}),
        ("change the jacket to red", {"product"}),
        ("change the jacket to red, keep the logo unchanged", {"product"}),
        ("把杯子改成绿色", {"product"}),
        ("replace the mug with a glass", {"product"}),
        ("make the shirt red and the background white", {"product", "background"}),
        ("put a hat on the dog", {"product", "background"}),
        ('replace the text "old background" with "new"', {"text"}),
        ("把图中文案“新品上市”改成英文“New Arrival”", {"text"}),
        ("change the label to say “Fresh”", {"product", "text"}),
        ("make it brighter", {"style"}),
        ("make it black and white", {"style"}),
        ("调亮一点", {"style"}),
        ("cyberpunk style", {"style"}),
        ("turn it into a watercolor", {"product", "background", "style"}),
        ("crop to a square", {"geometry", "background"}),
        ("左右翻转", {"geometry", "background"}),
        ("商品居中。背景改为白色", {"geometry", "background"}),
        ("put the dress on a model", {"geometry", "background"}),
    ],
)
def test_an_instruction_allows_what_it_names(instruction, names):
    assert allowed(instruction) == names


def test_what_is_not_understood_allows_everything():
    assert allowed("hmm") == allowed("") == {"background", "product", "text", "geometry", "style"}
