// The state of "Train" and its words in the address: the settings of a run, in the names of training/plain.py. Pure functions.

import { between, flag, oneOf, whole, word } from "../../page/frame/state.js";

export const NETS = ["dense", "conv"];
export const CODES = ["vae", "ae"];
export const DIMS = [2, 3, 4, 8, 16, 32, 64];
export const WIDTHS = [64, 128, 256, 512];
export const DEPTHS = [0, 1, 2, 3];
export const BETAS = [0, 0.25, 1, 4, 16];
export const RATES = [0.0005, 0.001, 0.002, 0.005, 0.02, 0.1];
export const LOSSES = ["sum", "mean"];
export const LIKELIHOODS = ["bernoulli", "gaussian", "held"]; // held: a Gaussian whose sigma is HELD
export const HELD = 0.1;
export const MOST_STEPS = 10000;
export const STEPS = [300, 600, 1000, 2000, 5000];

const GOOD = { data: "digits", few: false, net: "dense", code: "vae", d: 2, width: 128, depth: 3, beta: 1, lr: 0.002 };
const START = { ...GOOD, loss: "sum", likelihood: "bernoulli", seed: 0, steps: 5000 };

// What each preset is, besides the good start: settings that differ from it. Its reason is the phrase train.preset.<name>.why.
export const PRESETS = {
  good: {},
  collapse: { loss: "mean", steps: 600 },
  fast: { lr: 0.1, steps: 600 },
  two: { code: "ae", steps: 1000 },
  holes: { beta: 0, steps: 1000 },
  learned: { likelihood: "gaussian", data: "fashion", steps: 1000 },
  held: { likelihood: "held", data: "fashion", steps: 1000 },
  conv: { net: "conv", width: 128, steps: 600 },
  few: { few: true, steps: 1000 },
};

export const preset = (name) => ({ ...START, ...PRESETS[name] });

// The preset that settings are, seed aside; null of others.
export const presetOf = (settings) =>
  Object.keys(PRESETS).find((name) => Object.entries(preset(name)).every(([k, v]) => k === "seed" || settings[k] === v)) ?? null;

export const standard = () => ({ ...START });

// Settings that can be: an autoencoder has no beta, pictures of one's own and coloured ones are not black and white.
export const settled = (before, patch) => {
  const state = { ...before, ...patch };
  if (state.data === "own") {
    state.few = false;
    if (state.likelihood === "bernoulli") state.likelihood = "gaussian";
  }
  return state;
};

// The fields of a PlainConfig.
export const configOf = (s) => ({
  kind: { dense: { ae: "dense", vae: "dense-vae" }, conv: { ae: "ae", vae: "vae" } }[s.net][s.code],
  latent_dim: s.d,
  width: s.width,
  depth: s.depth,
  beta: s.beta,
  lr: s.lr,
  loss: s.loss,
  likelihood: s.likelihood === "bernoulli" ? "bernoulli" : "gaussian",
  sigma: s.likelihood === "held" ? HELD : 0,
  seed: s.seed,
  steps: s.steps,
});

// The state of a PlainConfig, and of what it was learned from.
export const stateOf = (c, { data, few }) => ({
  ...START,
  ...{ data, few, net: c.kind.startsWith("dense") ? "dense" : "conv", code: c.kind.endsWith("vae") ? "vae" : "ae" },
  ...{ d: c.latent_dim, width: c.width, depth: c.depth, beta: c.beta, lr: c.lr, loss: c.loss, seed: c.seed, steps: c.steps },
  likelihood: c.likelihood === "bernoulli" ? "bernoulli" : c.sigma ? "held" : "gaussian",
});

// about: {table}.
export const WORDS = [
  { ...word("data", oneOf((_, { table }) => Object.keys(table).filter((name) => name !== "own")), undefined), format: (s) => (s.data === "own" ? null : s.data) }, // prettier-ignore
  flag("few"),
  word("net", oneOf(NETS), START.net),
  word("code", oneOf(CODES), START.code),
  word("d", whole(2, 64), START.d),
  word("width", (text) => (Number(text) % 8 ? undefined : whole(32, 512)(text)), START.width),
  word("depth", whole(0, 3), START.depth),
  word("beta", between(0, 1000), START.beta),
  word("lr", between(1e-5, 1), START.lr),
  word("loss", oneOf(LOSSES), START.loss),
  word("likelihood", oneOf(LIKELIHOODS), START.likelihood),
  word("seed", whole(0, 2 ** 31 - 1), START.seed),
  word("steps", whole(1, MOST_STEPS), START.steps),
];
