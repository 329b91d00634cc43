// The address of every tab: what is said is read back, what is not there is left out and told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fromAddress, toAddress } from "../page/frame/state.js";
import { maskToWord, toWord } from "../page/maths/words.js";
import * as generate from "./generate/state.js";
import * as latent from "./latent/state.js";
import * as odd from "./odd/state.js";
import * as reconstruct from "./reconstruct/state.js";
import * as restore from "./restore/state.js";

const DOMAIN = { channels: 1, size: 4, strokes: "light", examples: ["one", "two"], classes: ["0", "1"] };
const NOISES = { gaussian: { low: 0, high: 1, usual: 0.5 }, jpeg: { low: 50, high: 5, usual: 20 } };
const ROW = { ...DOMAIN, kinds: { ae: [2, 8], vae: [2, 8] }, betas: { 8: [1, 4] }, dims: [2, 8], pca: true };
const RESTORED = { ...DOMAIN, noises: NOISES, strongest: 1, mask: "center", samples: [1, 4], usual: 4, sampled: null };
const table = { digits: ROW, fashion: { ...ROW, examples: ["boot"], classes: ["coat"], kinds: { vae: [2] }, dims: [2], pca: false } };
const restored = { digits: RESTORED, photos: { ...RESTORED, size: null } };

const ODD = { ...DOMAIN, dims: [2, 8], few: 8, usual: "joint", sets: ["fashion"] };
const UNITS = { error: "mean squared error", joint: "standard deviations", density: "nats", distance: "standard deviations" };
const odds = { digits: ODD, fashion: { ...ODD, examples: ["boot"], classes: ["coat"], dims: [2], sets: ["digits"] } };
const first = { domain: "digits", kind: "ae", d: 8, beta: 1, example: "one", fit: "crop", polarity: "auto", error: "absolute" };
const restoring = (name) => ({
  rows: restore.wordsOf(name),
  standard: restore.standard(name, restored),
  about: { name, table: restored, value: { masks: ["center", "random"], seeds: 9 }, maskWord: null },
});
const TABS = {
  reconstruct: { rows: reconstruct.WORDS, standard: first, about: { table, word: null } },
  latent: {
    rows: latent.WORDS,
    standard: latent.standard("digits", ROW),
    about: { table, value: { maps: ["digits", "fashion"], planes: ["digits"] }, word: null },
  },
  generate: { rows: generate.WORDS, standard: generate.standard("digits", table), about: { table } },
  odd: { rows: odd.WORDS, standard: odd.standard("digits", odds), about: { table: odds, value: { units: UNITS } } },
  denoise: restoring("denoise"),
  inpaint: restoring("inpaint"),
};

const SAID = {
  reconstruct: [
    "domain=digits&kind=vae&d=8&beta=4&example=two&fit=pad&polarity=invert&error=signed",
    "domain=fashion&kind=vae&d=2&example=boot",
  ],
  latent: [
    "domain=digits&d=8&beta=4&view=grid&spacing=quantiles&hide=1,3&ae=1.5,-2&vae=0,0.25&aebox=1.5,-2,3&example=two&seed=3&n=4&noise=0.5",
  ],
  generate: [
    "domain=digits&d=2&t=0.5&seed=7&n=4&class=1&pca=1&grid=pca-gaussian&at=9&path=spherical&step=3&a=two",
    "domain=fashion&d=2&seed=1",
  ],
  odd: [
    "domain=digits&d=2&score=error&other=fashion&at=-0.5&base=0.2&of=fashion&example=boot",
    "domain=digits&d=8&class=1&score=distance&at=3.25&example=one",
    "domain=fashion&d=2&score=joint&other=digits&example=boot",
  ],
  denoise: [
    "domain=digits&example=two&noise=jpeg&level=20&sigma=0.25&seed=3&n=1&view=best&fourth=spread",
    "domain=digits&example=one&given=1&fourth=residual",
  ],
  inpaint: ["domain=digits&example=one&mask=random&amount=0.4&view=2", "domain=photos&example=one&mask=center&fourth=spread"],
};
const WRONG = {
  reconstruct: ["domain=cats", "kind=pca", "d=3", "d=", "beta=4&d=2", "fit=", "x=AA", "domain=constructor"],
  latent: ["domain=cats", "d=8&domain=fashion", "beta=4", "hide=a", "ae=1", "vae=1,b", "seed=-1", "n=17", "noise=21", "x=%"],
  generate: [
    "d=3",
    "t=2",
    "t= ",
    "seed=1.5",
    "n=5",
    "class=shirt",
    "pca=1&domain=fashion",
    "grid=pca-gaussian",
    "at=36",
    "step=25",
    "q=three",
  ],
  odd: ["d=3", "class=2", "score=own", "class=1&score=joint", "other=digits", "at=far", "at=", "base=2", "of=shapes", "example=boot"],
  denoise: ["noise=salt", "noise=jpeg&level=60", "level=", "sigma=2", "given=2", "seed=10", "n=2", "view=4", "given=1&fourth=error"],
  inpaint: ["mask=own", "amount=2", "m=AA", "m=AAA&domain=photos", "fourth=residual"],
};
const words = (text) => Object.fromEntries(new URLSearchParams(text));

for (const [name, { rows, standard, about }] of Object.entries(TABS)) {
  test(`${name}: what is said is read back`, () => {
    for (const text of SAID[name]) {
      const { state, wrong } = fromAddress(words(text), rows, standard, about);
      assert.equal(wrong, false, text);
      const said = Object.entries(toAddress(rows, state, about)).filter(([, v]) => v !== null);
      assert.deepEqual(Object.fromEntries(said.map(([k, v]) => [k, String(v)])), { ...words(text) }, text);
    }
  });
  test(`${name}: what is not there is left out and told`, () => {
    for (const text of WRONG[name]) assert.equal(fromAddress(words(text), rows, standard, about).wrong, true, text);
    assert.equal(fromAddress({}, rows, standard, about).wrong, false);
  });
}

test("a drawing and a painted mask travel in the address", () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);
  for (const name of ["reconstruct", "latent"]) {
    const { rows, standard, about } = TABS[name];
    const drawn = toWord(bytes);
    assert.deepEqual(fromAddress({ x: drawn }, rows, standard, about).state.drawn, bytes);
    const said = toAddress(rows, standard, { ...about, word: drawn });
    assert.deepEqual([said.x, said.example], [drawn, null]);
  }
  const { rows, standard, about } = TABS.inpaint;
  const mask = Uint8Array.from({ length: 16 }, (_, i) => i % 2);
  const { state } = fromAddress({ m: maskToWord(mask) }, rows, standard, about);
  assert.deepEqual([state.mask, state.own], ["own", mask]);
  assert.equal(toAddress(rows, state, { ...about, maskWord: "ab" }).m, "ab");
});

test("a state whose model is missing moves to the nearest there is", () => {
  const { settled } = reconstruct;
  assert.deepEqual(settled({ ...first, domain: "fashion", kind: "pca", d: 64, beta: 4 }, table), {
    ...first,
    domain: "fashion",
    kind: "vae",
    d: 2,
    beta: 1,
  });
  const other = odd.settled({ ...TABS.odd.standard, at: 3, score: "error", of: "digits" }, { domain: "fashion" }, odds, UNITS);
  assert.deepEqual([other.d, other.score, other.other, other.at, other.of], [2, "joint", "digits", null, "digits"]);
  const one = odd.settled({ ...TABS.odd.standard, at: 3 }, { normal: "class", label: 1 }, odds, UNITS);
  assert.deepEqual([one.score, one.at], ["density", null]);
  assert.equal(odd.settled(one, { normal: "all" }, odds, UNITS).score, "density");
  assert.equal(odd.settled({ ...TABS.odd.standard, at: 3 }, { base: 0.3 }, odds, UNITS).at, 3);
  assert.equal(generate.settled({ ...TABS.generate.standard, label: 1 }, "fashion", table).label, null);
});
