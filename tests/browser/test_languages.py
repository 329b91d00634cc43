"""Every tab in both languages: no word of the other one, no key in place of its phrase, no number as a machine writes
it; in what is seen, and in names, alternatives and hints for those who do not see it."""

import re

from vaedemo.ui.tabs import TABS
from vaedemo.ui.text import load

# Every text of the page but the names of the languages, and what is not the page's: Gradio's own parts that are hidden.
WORDS = r"""() => {
  const found = new Set();
  const put = (e, text) => {
    const said = text.replace(/\s+/g, " ").trim();
    const page = e.closest(".vd, [role=tablist]") && !e.closest("script, style, [data-part=zh], [data-part=en], code");
    if (said && page) found.add(said);
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) put(walker.currentNode.parentElement, walker.currentNode.data);
  for (const name of ["alt", "placeholder", "title", ...["description", "label", "valuetext"].map((n) => `aria-${n}`)])
    for (const e of document.querySelectorAll(`[${name}]`)) put(e, e.getAttribute(name));
  return [...found];
}"""
WORD = re.compile(r"[A-Za-zÀ-ž]{2,}")
CHINESE = re.compile("[\u4e00-\u9fff]")
# Not for people: what is missing, keys, gaps, powers of ten, a hyphen for a minus, more digits than anyone reads.
ODD = re.compile(
    r"\b(NaN|undefined|null|Infinity)\b|\[object|\{\w+\}|^[a-z]+(\.[\w -]+)+$|\d[eE][+-]?\d|(?:^|[ (,])-\d|\d\.\d{7}"
)
# Names that are the same in every language: formats and published codecs.
NAMES = {"GIF", "WebP", "PNG", "JPEG", "av", "bit", "bpg", "hm", "vtm", "jpeg", "webp", "avif", "msssim", "ssim", "mse"}
NAMES |= {"bmshj", "factorized", "hyperprior", "mbt", "mean", "cheng", "anchor", "attn", "paper", "vaedemo"}
# What the tabs say in another state than their first one: (words of the address, tabs).
MORE = (("domain=photos", ["reconstruct"]), ("domain=shapes", ["latent"]), ("domain=fashion", ["odd"]))


def opened(v, tab):
    """The tab once it is there, what it folds away open."""
    v.page.locator(f"#vd-tab-{tab}-button").click()
    v.page.locator(f".vd-module-{tab}[data-ready=true]").wait_for()
    v.page.locator(".vd").evaluate_all(
        "(all) => all.forEach((e) => e.querySelectorAll('details').forEach((one) => (one.open = true)))"
    )


def test_every_tab_speaks_one_language_at_a_time(visit):
    v, names = visit(), [tab.name for tab in TABS]
    said = {"en": {}, "zh": {}}
    for more, tabs in (("", names), *MORE):
        v.page.goto(f"{v.address}?tab={tabs[0]}&{more}&lang=zh")
        for tab in tabs:
            opened(v, tab)
        v.part("help").click()
        v.idle()
        for language in ("zh", "en"):
            v.speak(language)
            said[language] |= dict.fromkeys(v.page.evaluate(WORDS), f"{tabs} {more}")
    phrases = " ".join(phrase for phrase in load("zh").values() if isinstance(phrase, str))
    known = NAMES | set(WORD.findall(re.sub(r"<[^>]*>", " ", phrases)))
    wrong = [(where, text) for text, where in said["en"].items() if CHINESE.search(text)]
    wrong += [(where, text) for text, where in said["zh"].items() if set(WORD.findall(text)) - known]
    wrong += [(where, text) for texts in said.values() for text, where in texts.items() if ODD.search(text)]
    assert wrong == []
    assert min(map(len, said.values())) > 500
