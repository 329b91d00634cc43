// The state of "Latent space" and its words in the address. Pure functions.

import { between, numberOf, oneOf, whole, word } from "../../page/frame/state.js";
import { fromWord } from "../../page/maths/words.js";
import * as piece from "../../page/maths/piece.js";

export const KINDS = ["ae", "vae"]; // of which there are maps
export const VIEWS = ["points", "density", "grid"];
export const SPACINGS = ["even", "quantiles"];
export const MOST_SAMPLES = 16;
export const MOST_NOISE = 20; // times what it is in training

// Below, about: the tab {table, value: {maps, planes: names of domains}, word: that of a drawing at hand, or null}.
const row = (s, { table }) => table[s.domain];

// Latent dimensions that both models of a domain have: 2, and with planes the others.
export const dimsOf = (s, about) => {
  const { ae = [], vae = [] } = row(s, about).kinds;
  return vae.filter((d) => ae.includes(d) && (d === 2 || about.value.planes.includes(s.domain)));
};

export const betasAt = (s, about) => (s.d > 2 && row(s, about).betas[s.d]) || [1];

export const standard = (domain, row) => ({
  domain,
  d: 2,
  beta: 1,
  view: "points",
  spacing: "even",
  hidden: new Set(),
  at: { ae: null, vae: null },
  box: { ae: null, vae: null },
  example: row.examples[0] ?? null,
  seed: 1,
  count: MOST_SAMPLES,
  noise: 1,
});

const point = (text) => {
  const found = /^(-?\d{1,4}(?:\.\d{1,6})?),(-?\d{1,4}(?:\.\d{1,6})?)$/.exec(text);
  return found ? [Number(found[1]), Number(found[2])] : undefined;
};
const chosen = (kind) => ({ name: kind, parse: point, put: (s, v) => (s.at[kind] = v), format: (s) => s.at[kind]?.join() });

// The piece of a map in sight, where it is not the usual one.
const sight = (kind) => ({
  name: `${kind}box`,
  parse: (text) =>
    /^-?\d{1,4}(\.\d{1,6})?,-?\d{1,4}(\.\d{1,6})?,\d{1,4}(\.\d{1,6})?$/.test(text) && Number(text.split(",")[2]) > 0
      ? piece.fromWord(text)
      : undefined,
  put: (s, v) => (s.box[kind] = v),
  format: (s) => s.box[kind] && piece.toWord(s.box[kind]),
});

export const WORDS = [
  {
    name: "domain",
    parse: oneOf((_, { value }) => value.maps),
    put: (s, v, about) => Object.assign(s, standard(v, about.table[v])),
    format: (s) => s.domain,
  },
  word("d", numberOf(dimsOf), 2),
  word("beta", numberOf(betasAt), 1),
  word("view", oneOf(VIEWS), "points"),
  word("spacing", oneOf(SPACINGS), "even"),
  {
    name: "hide",
    parse: (text) => (/^\d(,\d)*$/.test(text) ? new Set(text.split(",").map(Number)) : undefined),
    put: (s, v) => (s.hidden = v),
    format: (s) => [...s.hidden].sort().join() || null,
  },
  chosen("ae"),
  chosen("vae"),
  sight("ae"),
  sight("vae"),
  {
    ...word(
      "example",
      oneOf((s, about) => row(s, about).examples),
    ),
    format: (s, about) => (about.word ? null : s.example),
  },
  word("seed", whole(0, 999_999), 1),
  word("n", whole(1, MOST_SAMPLES), MOST_SAMPLES, "count"),
  word("noise", between(0, MOST_NOISE), 1),
  {
    name: "x",
    parse: (text, s, about) => fromWord(text, row(s, about)) ?? undefined,
    put: (s, v) => (s.drawn = v),
    format: (_, about) => about.word,
  },
];
