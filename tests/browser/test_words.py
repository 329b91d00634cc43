"""Numbers in the page's phrases: of what is shown, not of what was once so."""

import math
import re

import pytest

from vaedemo.data.domains import get_domain
from vaedemo.store.key import ModelKey
from vaedemo.store.library import Library
from vaedemo.ui.app import checkpoints_folder
from vaedemo.ui.text import load

LIBRARY = Library(checkpoints_folder())
# Where a number may stand in a phrase: a fact, an axis, a year, a name; none of a model, a setting or a file.
FACTS = {
    "psnr.why", "ssim.why", "ssim.note", "mse.why", "remark.unusual", "bits.why", "more.text",
    "generate.prior.normal", "generate.why.normal", "generate.sum.note", "generate.quality.protocol",
    "generate.measure.density.why", "generate.more", "latent.why.ae", "latent.why.vae", "latent.lens.why",
    "latent.lens.label", "latent.formula.why", "latent.more", "walk.foot", "walk.more.text", "dims.mig.why",
    "dims.disentanglement.why", "dims.completeness.why", "dims.informativeness.why", "dims.scores.why", "ratio.value",
    "noise.gaussian.why", "noise.poisson.why", "inpaint.more", "latent.nomaps", "basis.cosines.why",
    "basis.principal.why", "basis.why", "channels.why", "compress.more", "curves.kodak.why", "decoded.label",
    "ladder.more", "msssim.why", "photo.bits.note", "photo.ratio.upload", "photo.values", "quality.why",
    "stack.differs", "odd.more", "odd.each.why", "odd.story.why", "odd.alarms.name", "odd.alarms.why",
    "odd.missed.name", "score.bound.why", "score.density.why", "score.distance.why", "score.joint.why",
    "score.own.why", "score.ratio.why", "score.typicality.why", "stack.same", "stack.why", "zoom.exact",
    "teach.qr.local", "lessons.file.raw", "lessons.prior.normal", "lessons.unit.confident", "lessons.unit.mig",
    "lessons.weighted", "train.active.why", "train.box.eps", "train.few.all", "train.likelihood.held", "train.more",
    "train.own.files.why", "train.preset.collapse.why", "train.own.why", "train.preset.fast.why", "train.preset.few",
    "train.preset.held.why", "train.preset.holes.why", "train.preset.learned.why", "latent.hole.vae.inner",
    "latent.hole.vae.outer", "latent.noise.why", "latent.noise.strong", "latent.zoom.start", "elbo.why.beta",
    "elbo.why.d", "elbo.atone", "dims.table.vae", "kind.tc-vae.why",
}  # fmt: skip


def number(text):
    return float(text.replace(",", "").replace("−", "-"))


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_phrase_holds_a_number_that_the_page_knows_better(language):
    phrases = {k: re.sub(r"<[^>]*>|\{\w+\}", "", v) for k, v in load(language).items() if isinstance(v, str)}
    assert {k for k, v in phrases.items() if re.search(r"\d", v)} <= FACTS


@pytest.mark.parametrize("domain", ["digits", "objects"])
def test_bits_are_of_a_pixel_and_in_colour_of_a_value_too(visit, domain):
    v = visit().open(f"domain={domain}&kind=vae&d=8")
    row = get_domain(domain)
    v.wait("part('seen').width === arg && part('elbo').textContent.includes('KL')", row.size)
    line = v.part("elbo").inner_text()
    nats = number(re.search(r"ELBO ([\d,.−]+) nats", line)[1])
    pixel = number(re.search(r"\(([\d,.−]+) bits a pixel", line)[1])
    assert pixel == pytest.approx(nats / math.log(2) / row.size**2, abs=1e-3)
    value = re.search(r"([\d,.−]+) a colour value", line)
    assert (value is None) == (row.channels == 1)
    if value:
        assert number(value[1]) == pytest.approx(pixel / row.channels, abs=1e-3)


def parts(domain, d, label=None):
    return len(LIBRARY.mixture(ModelKey(domain, "vae", d), label).weights)


def test_the_gaussians_of_a_mixture_are_counted(visit):
    v = visit()
    v.page.goto(f"{v.address}?tab=generate&domain=shapes&d=10")
    shown = lambda words: v.wait("part('whyMixture')?.textContent.includes(arg)", words)  # noqa: E731
    shown(f"A mixture of {parts('shapes', 10)} Gaussians")
    own = v.page.locator(".vd-module-generate")
    own.locator("[data-part=class] input[value='1']").check()
    shown(f"A mixture of {parts('shapes', 10, 1)} Gaussians, fitted to the codes of this")
    own.locator("[data-part=domain] input[value=digits]").check()
    own.locator("[data-part=d] input[value='32']").check()
    shown(f"{parts('digits', 32)} Gaussians, fitted to the codes of training")
    own.locator("[data-part=class] input[value='1']").check()
    shown("One Gaussian")
    v.speak("zh")
    shown("一个高斯分布")


def test_the_mean_length_of_a_code_is_that_of_the_prior(visit):
    v = visit().open()
    lengths = v.page.evaluate(
        """async () => {
          const page = document.querySelector('link[href$="frame/page.css"]').href;
          const { meanNorm } = await import(new URL("../maths/paths.js", page));
          return [1, 2, 3, 8, 31, 64].map(meanNorm);
        }"""
    )
    exact = [math.sqrt(2) * math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2)) for d in (1, 2, 3, 8, 31, 64)]
    assert lengths == pytest.approx(exact, rel=1e-12)
