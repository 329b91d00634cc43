from vaedemo.training.recipes import RECIPES, ordered, recipe


def test_every_promised_model_has_a_recipe():
    made = {(r.domain, r.name) for r in RECIPES}
    promised = {("digits", f"dense-{d}") for d in (2, 8, 32)} | {("photos", "restore"), ("photos", "codec")}
    for domain, dims in (("digits", (2, 4, 8, 16, 32, 64)), ("fashion", (2, 4, 8, 16, 32, 64)),
                         ("objects", (2, 8, 32, 128, 512)), ("shapes", (2, 5, 10))):  # fmt: skip
        promised |= {(domain, f"{kind}-{d}") for kind in ("ae", "vae") for d in dims} | {(domain, f"pca-{dims[-1]}")}
        promised -= {("objects", "vae-512")}
        promised |= {(domain, name) for name in ("restore", "classifier", "finder", "mixtures", "quantisers")}
    promised |= {("digits", "lossless"), ("digits", "lossless-binary"), ("fashion", "lossless")}
    promised |= {("digits", f"vae-32-beta{b}") for b in ("0.25", "4", "16")}
    promised |= {("shapes", f"vae-10-beta{b}") for b in ("4", "16", "256", "1024")} | {("shapes", "tc-vae-10")}
    assert made == promised and len(RECIPES) == len(made)


def test_a_model_comes_after_the_one_it_starts_from_and_cheap_ones_first():
    order = ordered()
    assert sorted(r.path for r in order) == sorted(r.path for r in RECIPES)
    place = {r.path: i for i, r in enumerate(order)}
    for r in order:
        assert r.start is None or place[r.start] < place[r.path]
        if r.kind in ("mixtures", "quantisers"):  # which are fitted to the codes of all that the domain has
            assert all(
                place[r.path] > place[o.path] for o in RECIPES if o.domain == r.domain and o.kind in ("ae", "vae")
            )
    scratch = [r.cost for r in order if r.start is None and r.kind in ("pca", "ae", "vae", "dense")]
    assert scratch == sorted(scratch)
    assert {r.domain for r in ordered(["fashion"])} == {"fashion"}


def test_hidden_units_of_the_dense_networks():
    assert recipe("digits", "dense", 8).model.hidden == 512
    assert recipe("digits", "vae", 32, 4.0).start == "digits/vae-32.safetensors"
    assert recipe("digits", "vae", 32).start is None


def test_a_kind_with_runs_of_its_own_was_chosen_on_held_out_pictures_and_starts_from_nothing():
    r = recipe("objects", "ae", 128)
    assert r.hold_out and r.start is None and r.model.widths == (48, 96)
    assert [(s.train.steps, s.train.lr, s.train.flipped) for s in r.stages] == [(4000, 0.004, 0.5), (2500, 0.002, 0.5)]
    (stage,) = recipe("digits", "ae", 8).stages
    assert (stage.train.steps, stage.train.optimizer) == (4000, "muon")
    assert recipe("objects", "ae", 512).model.spatial and recipe("objects", "ae", 32).model.linear
    assert not recipe("digits", "vae", 8).hold_out and recipe("digits", "vae", 8).start == "digits/vae-32.safetensors"
