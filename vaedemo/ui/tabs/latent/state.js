// The state of "Latent space" and its words in the address. Pure functions.

import { fromWord } from "../../page/maths/words.js";

export const VIEWS = ["points", "density", "grid"];
export const SPACINGS = ["even", "quantiles"];
export const MOST_SAMPLES = 16;
export const MOST_NOISE = 3;

// Latent dimensions that both models of a domain have: 2, and with planes the others.
export const dimsOf = (row, planes) => {
  const [ae, vae] = [row.kinds.ae ?? [], row.kinds.vae ?? []];
  return vae.filter((d) => ae.includes(d) && (d === 2 || planes));
};

export const betasAt = (row, d) => (d > 2 && row.betas[d]) || [1];

export const standard = (domain, row) => ({
  domain, d: 2, beta: 1, view: "points", spacing: "even", hidden: new Set(), at: { ae: null, vae: null },
  example: row.examples[0] ?? null, seed: 1, count: MOST_SAMPLES, noise: 1,
}); // prettier-ignore

const point = (word) => {
  const found = /^(-?\d{1,4}(?:\.\d{1,6})?),(-?\d{1,4}(?:\.\d{1,6})?)$/.exec(word);
  return found && [Number(found[1]), Number(found[2])];
};

// The state that the words ask for, and whether some of them had to be left out. domain: the one to start from.
export const fromWords = (words, table, maps, planes, domain) => {
  let wrong = false;
  const take = (word, good, put) => {
    if (!(word in words)) return;
    if (good(words[word])) put(words[word]);
    else wrong = true;
  };
  let chosen = domain;
  take("domain", (v) => maps.includes(v), (v) => (chosen = v));
  const row = table[chosen];
  const state = standard(chosen, row);
  const whole = (low, high) => (v) => /^\d+$/.test(v) && Number(v) >= low && Number(v) <= high;
  take("d", (v) => dimsOf(row, planes.includes(chosen)).includes(Number(v)), (v) => (state.d = Number(v)));
  take("beta", (v) => betasAt(row, state.d).includes(Number(v)), (v) => (state.beta = Number(v)));
  take("view", (v) => VIEWS.includes(v), (v) => (state.view = v));
  take("spacing", (v) => SPACINGS.includes(v), (v) => (state.spacing = v));
  take("hide", (v) => /^\d(,\d)*$/.test(v), (v) => (state.hidden = new Set(v.split(",").map(Number))));
  for (const kind of ["ae", "vae"]) take(kind, point, (v) => (state.at[kind] = point(v)));
  take("example", (v) => row.examples.includes(v), (v) => (state.example = v));
  take("seed", whole(0, 999999), (v) => (state.seed = Number(v)));
  take("n", whole(1, MOST_SAMPLES), (v) => (state.count = Number(v)));
  take("noise", (v) => /^\d(\.\d{1,2})?$/.test(v) && Number(v) <= MOST_NOISE, (v) => (state.noise = Number(v)));
  if ("x" in words && fromWord(words.x, row) === null) wrong = true;
  return { state, wrong };
};

const unless = (value, usual) => (value === usual ? null : String(value));

// word: the drawing's own word, or null.
export const toWords = (state, word) => ({
  domain: state.domain,
  d: unless(state.d, 2),
  beta: unless(state.beta, 1),
  view: unless(state.view, "points"),
  spacing: unless(state.spacing, "even"),
  hide: state.hidden.size ? [...state.hidden].sort().join() : null,
  ae: state.at.ae?.join() ?? null,
  vae: state.at.vae?.join() ?? null,
  example: word ? null : state.example,
  seed: unless(state.seed, 1),
  n: unless(state.count, MOST_SAMPLES),
  noise: unless(state.noise, 1),
  x: word ?? null,
});
