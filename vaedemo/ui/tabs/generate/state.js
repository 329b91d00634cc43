// The state of "Generate" and its words in the address. Pure functions.

import { nearestDim } from "../../page/maths/models.js";

// (kind of model, prior) of each grid, in the order in which they are shown.
export const GRIDS = [["ae", "normal"], ["ae", "mixture"], ["vae", "normal"], ["vae", "mixture"], ["pca", "gaussian"]];
export const SIDES = [4, 6, 8, 10];
export const PATHS = ["straight", "spherical"];
export const SLOTS = ["a", "b", "c", "p", "q"];
export const HOTTEST = 1.5;
export const SEEDS = 1_000_000; // seeds that the die throws: 0 .. SEEDS - 1
const MOST_SEED = 2 ** 31 - 1;
export const FRAMES = 25; // pictures from one end of a path to the other, both included

// Which examples stand in the slots at first: a pullover without a T-shirt is sleeves, which go to a dress; and so on.
const FIRST = {
  digits: { a: "eight", b: "three", c: "five", p: "three", q: "eight" },
  fashion: { a: "pullover", b: "T-shirt", c: "dress", p: "trouser", q: "coat" },
  objects: { a: "cat", b: "astronaut", c: "coffee", p: "cat", q: "rocket" },
  shapes: { a: "ellipse", b: "small ellipse", c: "small heart", p: "heart", q: "square" },
};

export const gridName = (kind, prior) => `${kind}-${prior}`;

// The grids that are shown of a state.
export const gridsOf = (state, row) => GRIDS.filter(([kind]) => kind !== "pca" || (state.pca && row.pca));

export const slotsOf = (domain, row) =>
  Object.fromEntries(SLOTS.map((s, i) => [s, row.examples.includes(FIRST[domain]?.[s]) ? FIRST[domain][s] : row.examples[i % row.examples.length]]));

export const standard = (domain, table) => ({
  domain,
  d: nearestDim(table[domain].dims, 32),
  t: 1,
  seed: 1,
  n: 6,
  label: null,
  pca: false,
  grid: "vae-mixture",
  at: 0,
  path: "straight",
  step: (FRAMES - 1) / 2,
  slots: slotsOf(domain, table[domain]),
});

// The same state in another domain: what that one does not have moves to the nearest that it has.
export const settled = (state, domain, table) => {
  const row = table[domain];
  return { ...state, domain, d: nearestDim(row.dims, state.d), label: state.domain === domain ? state.label : null, slots: slotsOf(domain, row) };
};

const whole = (low, high) => (v) => Number.isInteger(v) && v >= low && v <= high;

// The state that the words of an address ask for, and whether some of them had to be left out.
export const fromAddress = (words, table, domain) => {
  let wrong = false;
  const domains = Object.keys(table);
  if ("domain" in words && !domains.includes(words.domain)) wrong = true;
  const state = standard(domains.includes(words.domain) ? words.domain : domain, table);
  const row = table[state.domain];
  const take = (word, good, read = (v) => v, keep = (v) => (state[word] = v)) => {
    if (!(word in words)) return;
    const value = words[word].trim() === "" ? NaN : read(words[word]);
    if (good(value)) keep(value);
    else wrong = true;
  };
  take("d", (v) => row.dims.includes(v), Number);
  take("t", (v) => v >= 0 && v <= HOTTEST, Number);
  take("seed", whole(0, MOST_SEED), Number);
  take("n", (v) => SIDES.includes(v), Number);
  take("class", (v) => row.classes.includes(v), undefined, (v) => (state.label = row.classes.indexOf(v)));
  take("pca", (v) => v === "1" && row.pca, undefined, () => (state.pca = true));
  take("grid", (v) => gridsOf(state, row).some((g) => gridName(...g) === v));
  take("at", whole(0, state.n ** 2 - 1), Number);
  take("path", (v) => PATHS.includes(v));
  take("step", whole(0, FRAMES - 1), Number);
  for (const slot of SLOTS) take(slot, (v) => row.examples.includes(v), undefined, (v) => (state.slots[slot] = v));
  return { state, wrong };
};

// slots: {slot: name of the example in it, or null where it holds another picture}.
export const toAddress = (state, row, slots) => {
  const first = slotsOf(state.domain, row);
  return {
    domain: state.domain,
    d: state.d,
    t: state.t === 1 ? null : state.t,
    seed: state.seed,
    n: state.n === 6 ? null : state.n,
    class: state.label === null ? null : row.classes[state.label],
    pca: state.pca ? 1 : null,
    grid: state.grid === "vae-mixture" ? null : state.grid,
    at: state.at || null,
    path: state.path === "straight" ? null : state.path,
    step: state.step === (FRAMES - 1) / 2 ? null : state.step,
    ...Object.fromEntries(SLOTS.map((s) => [s, slots[s] === first[s] ? null : slots[s]])),
  };
};
