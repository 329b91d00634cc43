import json

import numpy as np
import pytest
from PIL import Image

from vaedemo.cli import main


@pytest.mark.parametrize("view", ["points", "grid", "density"])
def test_a_map_is_drawn(view, tmp_path, capsys):
    main(
        [
            "map",
            "--domain",
            "shapes",
            "--kind",
            "vae",
            "--view",
            view,
            "--side",
            "120",
            "--out",
            str(tmp_path / "m.png"),
        ]
    )
    assert Image.open(tmp_path / "m.png").size == (120, 120)
    assert "2000 test pictures" in capsys.readouterr().out


def test_a_map_of_more_dimensions_says_what_it_shows(tmp_path, capsys):
    main(["map", "--latent-dim", "8", "--view", "grid", "--json", "--out", str(tmp_path / "m.png")])
    assert np.ptp(np.asarray(Image.open(tmp_path / "m.png"))) > 200
    said = json.loads(capsys.readouterr().out)
    assert 0 < said["explained"][1] <= said["explained"][0] < 1


@pytest.mark.parametrize(
    "words",
    [
        ["map", "--view", "globe", "--out", "x.png"],
        ["map", "--domain", "cats", "--out", "x.png"],
        ["map", "--latent-dim", "3", "--out", "x.png"],
        ["map", "--side", "9", "--out", "x.png"],
        ["map", "--side", "100", "--out", "x.docx"],
        ["derive", "--only", "sense"],
        ["derive", "--domain", "cats"],
        ["derive", "--only", "maps", "--domain", "digits", "--data-dir", "nowhere"],
    ],
)
def test_what_cannot_be_is_one_line(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
