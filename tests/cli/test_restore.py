"""The commands denoise and inpaint: what is written, what a mask means, and one line for what cannot be."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from tests.cli.test_cli import refused
from tests.services.restore.calls import answers
from vaedemo.cli import main
from vaedemo.data.damage import add_noise
from vaedemo.pictures import shapes
from vaedemo.pictures.draw import to_image
from vaedemo.pictures.prepare import prepare
from vaedemo.services.restore.run import measure
from vaedemo.store.library import Library

pytestmark = pytest.mark.usefixtures("one_thread")


def noisy(x, sigma, seed=0):
    g = torch.Generator().manual_seed(seed)
    return add_noise(torch.from_numpy(x)[None], "gaussian", sigma, g)[0].numpy()


def levels(path):
    return np.asarray(Image.open(path))


def mask_file(path, known):
    """White where something is missing."""
    Image.fromarray(np.where(known, 0, 255).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def there(tmp_path, digit, photo):
    """A folder with digits and a photo, clean and noisy, and masks with a hole in the middle."""
    for name, x, sigma in (("digit", digit, 0.4), ("photo", photo, 0.1)):
        to_image(x).save(tmp_path / f"{name}.png")
        to_image(noisy(x, sigma)).save(tmp_path / f"{name}-noisy.png")
        known = np.ones(x.shape[1:], bool)
        known[x.shape[1] // 3 : x.shape[1] // 2, x.shape[2] // 3 : -x.shape[2] // 3] = False
        mask_file(tmp_path / f"{name}-mask.png", known)
    return tmp_path


def run(capsys, command, *words):
    """The row of figures of a command that goes well."""
    main([command, *map(str, words), "--json"])
    shown = capsys.readouterr()
    assert not shown.err
    return json.loads(shown.out)


def denoise_digit(capsys, there, *more):
    words = there / "digit-noisy.png", "--domain", "digits", "--clean", there / "digit.png", "--out", there / "o.png"
    return run(capsys, "denoise", *words, *more)


def test_a_digit_is_denoised_and_the_mean_of_the_services_answers(there, digit, capsys):
    row = denoise_digit(capsys, there)
    assert list(row) == [
        "file", "domain", "method", "sigma", "estimated", "seconds", "psnr", "ssim", "hole_psnr", "seed"
    ]  # fmt: skip
    assert (row["file"], row["domain"], row["method"], row["seed"]) == ("digit-noisy.png", "digits", "vae", 0)
    assert row["sigma"] is None and 0.15 < row["estimated"] < 0.5 and row["hole_psnr"] is None
    y = levels(there / "digit-noisy.png")[None] / np.float32(255)
    assert row["psnr"] > measure(y, digit).psnr + 4 and row["ssim"] > 0.7
    made = answers(Library(), y, "digits")
    assert np.array_equal(levels(there / "o.png"), np.asarray(to_image(made.mean)))
    told = denoise_digit(capsys, there, "--sigma", "0.4")
    assert told["sigma"] == 0.4 and told["estimated"] is None and told["psnr"] != row["psnr"]


@pytest.mark.parametrize("method", ["plain", "nlm", "wavelet", "tv", "median"])
def test_other_methods(there, method, capsys):
    row = denoise_digit(capsys, there, "--method", method)
    assert row["method"] == method and row["psnr"] > 8 and (row["estimated"] is None) == (method == "plain")
    assert levels(there / "o.png").shape == (28, 28)
    if method in ("tv", "median"):
        words = there / "photo-noisy.png", "--method", method, "--out", there / "p.png", "--clean", there / "photo.png"
        row = run(capsys, "denoise", *words)
        assert row["domain"] == "photos" and row["psnr"] > 20.5 and 0.05 < row["sigma"] == row["estimated"] < 0.15


def test_a_noisy_digit_of_another_size_is_scaled_and_not_trimmed(there, digit, capsys):
    large = to_image(digit).resize((56, 56), Image.Resampling.NEAREST)
    canvas = Image.new("L", (80, 56))
    canvas.paste(large, (12, 0))
    canvas.save(there / "wide.png")
    run(capsys, "denoise", there / "wide.png", "--domain", "digits", "--sigma", "0", "--out", there / "o.png")
    assert np.abs(levels(there / "o.png") / 255 - digit[0]).max() < 0.3  # at level 0 everything known is kept


def test_samples_and_spread_are_written_beside_it(there, capsys):
    main(["denoise", *map(str, (there / "digit-noisy.png", "--domain", "digits", "--out", there / "o.png")),
          "--samples", "3", "--each", "--spread"])  # fmt: skip
    assert "digit-noisy.png: digits, vae, noise estimated as 0." in capsys.readouterr().out
    each = [levels(there / f"o-{i}.png").astype(float) for i in (1, 2, 3)]
    assert np.abs(np.mean(each, 0) - levels(there / "o.png")).max() < 1.1
    assert not np.array_equal(each[0], each[1]) and not (there / "o-4.png").exists()
    assert levels(there / "o-spread.png").shape == (28, 28) and levels(there / "o-spread.png").max() > 20
    words = there / "photo-noisy.png", "--out", there / "p.png", "--samples", "2", "--seed", "5"
    run(capsys, "denoise", *words, "--each", "--spread")
    mean, second = levels(there / "p.png"), levels(there / "p-2.png")
    assert second.shape == mean.shape == (80, 96, 3) and levels(there / "p-spread.png").shape == (80, 96)
    run(capsys, "denoise", *words[:1], "--out", there / "q.png", "--seed", "6", "--each")
    assert np.array_equal(levels(there / "q-1.png"), second), "a sample is its seed's"
    assert np.array_equal(levels(there / "q.png"), mean) and (there / "q-2.png").exists()


@pytest.mark.parametrize("name, domain", [("digit", "digits"), ("photo", "photos")])
@pytest.mark.parametrize("method", ["vae", "plain", "biharmonic"])
def test_white_is_filled_and_black_comes_back_bit_for_bit(there, name, domain, method, capsys):
    words = there / f"{name}.png", "--mask", there / f"{name}-mask.png", "--domain", domain, "--out", there / "o.png"
    if (domain, method) == ("photos", "plain"):
        assert "no plain VAE" in refused(capsys, "inpaint", *words, "--method", method)
        return
    broken, missing = levels(there / f"{name}.png").copy(), levels(there / f"{name}-mask.png") > 127
    broken[missing] = 77  # what lies under the mask counts for nothing
    Image.fromarray(broken).save(there / "broken.png")
    row = run(capsys, "inpaint", there / "broken.png", *words[1:], "--method", method, "--clean", there / f"{name}.png")
    made, clean = levels(there / "o.png"), levels(there / f"{name}.png")
    assert np.array_equal(made[~missing], clean[~missing]) and not np.array_equal(made[missing], broken[missing])
    assert row["sigma"] == 0 and row["psnr"] > row["hole_psnr"] > 9
    run(capsys, "inpaint", *words, "--method", method)
    assert np.array_equal(levels(there / "o.png"), made)


@pytest.mark.parametrize("method", ["vae", "plain", "biharmonic"])
def test_all_known_gives_the_picture_and_nothing_known_has_a_rule(there, method, capsys):
    names = ("digit", "photo") if method != "plain" else ("digit",)
    for name in names:
        picture, domain = there / f"{name}.png", ("digits", "photos")[name == "photo"]
        shape = levels(picture).shape[:2]
        full, none = mask_file(there / "full.png", np.ones(shape)), mask_file(there / "none.png", np.zeros(shape))
        words = picture, "--domain", domain, "--method", method, "--out", there / "o.png"
        run(capsys, "inpaint", *words, "--mask", full)
        assert np.array_equal(levels(there / "o.png"), levels(picture))
        if name == "photo" or method == "biharmonic":
            assert "nothing is known" in refused(capsys, "inpaint", *words, "--mask", none)
        else:
            run(capsys, "inpaint", *words, "--mask", none)  # an answer to no question: what the model expects
            assert levels(there / "o.png").max() > 0


def test_a_mask_is_cut_as_the_picture_was(there, digit, capsys):
    wide = np.zeros((56, 70), np.uint8)
    wide[:, 7:63] = np.kron(np.asarray(to_image(digit)), np.ones((2, 2), np.uint8))
    Image.fromarray(wide).save(there / "wide.png")
    known = np.ones((56, 70), bool)
    known[20:40, 27:43] = False
    words = there / "wide.png", "--domain", "digits", "--out", there / "o.png", "--mask"
    run(capsys, "inpaint", *words, mask_file(there / "mask.png", known))
    small = prepare(Image.fromarray(wide), channels=1, size=28).x
    same = np.asarray(to_image(small)) == levels(there / "o.png")
    assert same[~np.pad(np.ones((10, 8), bool), ((10, 8), (10, 10)))].all() and not same[10:20, 10:18].all()
    assert "28 x 30 pixels, the picture 70 x 56" in refused(
        capsys, "inpaint", *words, mask_file(there / "odd.png", np.ones((30, 28)))
    )


def test_a_folder_with_what_is_no_picture(there, digit, capsys):
    folder, masks, out = there / "in", there / "masks", there / "new" / "out"
    folder.mkdir(), masks.mkdir()
    for i in range(2):
        to_image(digit).save(folder / f"{i}.png")
    to_image(digit).save(folder / "1.bmp")
    (folder / "notes.txt").write_text("no picture")
    words = ["denoise", *map(str, (folder, "--out", out, "--domain", "digits", "--method", "median", "--sigma", "0.1"))]
    main([*words, "--clean", str(there / "digit.png"), "--json"])
    shown = capsys.readouterr()
    rows = json.loads(shown.out)
    assert [r["file"] for r in rows] == ["0.png", "1.bmp", "1.png"] and all(r["psnr"] > 10 for r in rows)
    lines = [line for line in shown.err.splitlines() if line.startswith("vaedemo")]
    assert len(lines) == 1 and "1 file was left out: notes.txt" in lines[0]
    assert sorted(p.name for p in out.iterdir()) == ["0.png", "1.bmp.png", "1.png.png"]
    main(words)
    assert capsys.readouterr().out.count("digits, median, noise 0.1") == 3
    known = np.ones((28, 28), bool)
    known[:14] = False
    mask_file(masks / "0.png", known)
    main(["inpaint", *map(str, (folder, "--mask", masks, "--out", there / "filled", "--domain", "digits"))])
    shown = capsys.readouterr()
    assert "0.png: digits" in shown.out and shown.out.count("\n") == 1
    assert "3 files were left out" in shown.err and "no mask for 1.bmp" in shown.err
    assert "another folder" in refused(capsys, "denoise", folder, "--out", folder)
    assert "is a file" in refused(capsys, "denoise", folder, "--out", there / "digit.png")
    for path in folder.glob("*.*"):
        path.unlink()
    assert "no file" in refused(capsys, "denoise", folder, "--out", out)
    (folder / "bad.png").write_text("text")
    with pytest.raises(SystemExit) as stop:
        main(["denoise", str(folder), "--out", str(out)])
    assert stop.value.code == 2 and "1 file was left out: bad.png" in capsys.readouterr().err


def test_the_domain_is_proposed(there, capsys):
    shape = to_image(shapes.draw(torch.tensor([[0, 0.9, 0.35, 0.42, 0.46]]), 64)[0].numpy())
    shape.save(there / "shape.png")
    assert run(capsys, "denoise", there / "shape.png", "--out", there / "o.png")["domain"] == "shapes"
    assert run(capsys, "denoise", there / "digit.png", "--out", there / "o.png")["domain"] == "digits"


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (9, 2)], ids=str)
def test_tiny_pictures(there, size, capsys):
    Image.new("RGB", size, (10, 200, 30)).save(there / "tiny.png")
    words = there / "tiny.png", "--domain", "photos", "--clean", there / "tiny.png", "--out", there / "o.png"
    for method in ("vae", "nlm", "wavelet", "tv", "median"):
        row = run(capsys, "denoise", *words, "--method", method)
        assert row["estimated"] == 0 and row["ssim"] is None and row["psnr"] > 30
        run(capsys, "denoise", *words, "--method", method, "--sigma", "0.1")
        assert Image.open(there / "o.png").size == size
    run(capsys, "denoise", *words[:1], "--domain", "digits", "--out", there / "o.png")
    assert Image.open(there / "o.png").size == (28, 28)


BAD = [
    ("denoise", ["--sigma", "25"], "0 to 1"),
    ("denoise", ["--sigma", "-0.1"], "0 to 1"),
    ("denoise", ["--sigma", "nan"], "0 to 1"),
    ("denoise", ["--sigma", "loud"], "loud"),
    ("denoise", ["--method", "bm3d"], "choose from vae, plain, nlm"),
    ("denoise", ["--method", "biharmonic"], "choose from vae"),
    ("denoise", ["--method", "nlm", "--samples", "4"], "one answer"),
    ("denoise", ["--method", "nlm", "--each"], "one answer"),
    ("denoise", ["--method", "plain", "--sigma", "0.1"], "told of no noise"),
    ("denoise", ["--method", "plain", "--domain", "photos"], "no plain VAE"),
    ("denoise", ["--domain", "cats"], "digits, fashion, objects, shapes, photos"),
    ("denoise", ["--samples", "0"], "1 to 16"),
    ("denoise", ["--samples", "17"], "1 to 16"),
    ("denoise", ["--samples", "9", "--each", "--domain", "photos"], "1 to 8"),
    ("denoise", ["--samples", "1", "--spread", "--domain", "photos"], "no spread"),
    ("denoise", ["--clean", "nowhere.png"], "does not exist"),
    ("denoise", ["--clean", "photo.png", "--domain", "photos"], "give both one size"),
    ("denoise", ["--checkpoints", "nowhere", "--domain", "digits"], "no checkpoint"),
    ("denoise", ["--mask", "digit-mask.png"], "mask"),
    ("inpaint", [], "--mask"),
    ("inpaint", ["--mask", "nowhere.png"], "does not exist"),
    ("inpaint", ["--mask", "photo-mask.png"], "give both one size"),
    ("inpaint", ["--mask", "photo-mask.png", "--domain", "photos"], "give both one size"),
    ("inpaint", ["--mask", "digit-mask.png", "--method", "nlm"], "choose from vae, plain, biharmonic"),
    ("inpaint", ["--mask", "digit-mask.png", "--method", "biharmonic", "--sigma", "0.1"], "told of no noise"),
    ("inpaint", ["--mask", "digit-mask.png", "--sigma", "2"], "0 to 1"),
]


@pytest.mark.parametrize("command, more, said", BAD, ids=[f"{c} {' '.join(m)}" for c, m, _ in BAD])
def test_what_cannot_be_is_one_line(there, command, more, said, capsys):
    more = [there / word if word.endswith(".png") else word for word in more]
    assert said in refused(capsys, command, there / "digit.png", "--out", there / "o.png", *more)
    assert not (there / "o.png").exists()


def test_files_that_cannot_be_are_one_line(there, capsys):
    assert "no ending" in refused(capsys, "denoise", there / "digit.png", "--out", there / "o.docx")
    assert "does not exist" in refused(capsys, "denoise", there / "none.png", "--out", there / "o.png")
    assert "cannot be opened" in refused(capsys, "denoise", "x" * 5000, "--out", there / "o.png")
    (there / "bad.png").write_text("text")
    assert "not a picture" in refused(capsys, "denoise", there / "bad.png", "--out", there / "o.png")
    words = there / "digit.png", "--domain", "digits", "--mask", there / "bad.png", "--out", there / "o.png"
    assert "not a picture" in refused(capsys, "inpaint", *words)


def test_a_mask_goes_the_way_of_its_picture_and_what_it_leaves_is_said(there, capsys):
    rgb = np.random.default_rng(0).integers(60, 200, (100, 200, 3)).astype(np.uint8)
    Image.fromarray(rgb).save(there / "wide.png")
    words = there / "wide.png", "--domain", "objects", "--out", there / "o.png", "--samples", "1", "--mask"
    seen = np.asarray(to_image(prepare(rgb, channels=3, size=32).x))
    known = np.ones((100, 200), bool)
    known[:, 160:] = False
    row = run(capsys, "inpaint", *words, mask_file(there / "m.png", known))
    assert np.array_equal(levels(there / "o.png"), seen) and row["note"].startswith("Nothing is marked in the part")
    known[:, 140:] = False
    row = run(capsys, "inpaint", *words, mask_file(there / "m.png", known))
    same = (levels(there / "o.png") == seen).all(2)
    assert same[:, :28].all() and not same[:, 28:].all(0).any() and row["note"] is None
    Image.fromarray((~known).astype(np.uint8)).save(there / "labels.png")
    first = levels(there / "o.png")
    run(capsys, "inpaint", *words, there / "labels.png")
    assert np.array_equal(levels(there / "o.png"), first)
    main(["inpaint", *map(str, words), str(mask_file(there / "m.png", np.ones((100, 200), bool)))])
    assert "vaedemo: wide.png: Nothing is marked in the mask" in capsys.readouterr().err
    main(["inpaint", *map(str, words), str(mask_file(there / "m.png", np.zeros((100, 200), bool)))])
    assert "marks 100% of the picture as missing" in capsys.readouterr().err
