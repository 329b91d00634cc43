import assert from "node:assert/strict";
import { test } from "node:test";
import { between, domain, example, flag, fromAddress, numberOf, oneOf, toAddress, whole, word } from "./state.js";

const ROWS = [
  { ...word("kind", oneOf(["ae", "vae"])), format: (s) => s.kind },
  word(
    "d",
    numberOf((s, about) => about.dims[s.kind]),
    2,
  ),
  word("t", between(0, 1.5), 1),
  word("n", whole(1, 16), 16, "count"),
];
const STANDARD = { kind: "ae", d: 2, t: 1, count: 16 };
const ABOUT = { dims: { ae: [2], vae: [2, 8] } };

test("words are read in the order of the table, each with those before it", () => {
  const { state, wrong } = fromAddress({ d: "8", kind: "vae", n: "4" }, ROWS, STANDARD, ABOUT);
  assert.deepEqual(state, { kind: "vae", d: 8, t: 1, count: 4 });
  assert.equal(wrong, false);
  assert.deepEqual(STANDARD, { kind: "ae", d: 2, t: 1, count: 16 });
});

test("what is no value is left out and told", () => {
  for (const words of [{ d: "8" }, { t: "2" }, { t: "" }, { t: " " }, { t: "NaN" }, { n: "1.5" }, { n: "0" }, { kind: "constructor" }]) {
    const { state, wrong } = fromAddress(words, ROWS, STANDARD, ABOUT);
    assert.deepEqual([state, wrong], [STANDARD, true], JSON.stringify(words));
  }
  assert.equal(fromAddress({ other: "1" }, ROWS, STANDARD, ABOUT).wrong, false);
});

test("what is usual is not said, and what is said is read back", () => {
  assert.deepEqual(toAddress(ROWS, STANDARD, ABOUT), { kind: "ae", d: null, t: null, n: null });
  const state = { kind: "vae", d: 8, t: 0.25, count: 3 };
  const words = Object.fromEntries(Object.entries(toAddress(ROWS, state, ABOUT)).map(([k, v]) => [k, String(v)]));
  assert.deepEqual(fromAddress(words, ROWS, STANDARD, ABOUT), { state, wrong: false });
});

test("a list may be named, a flag is 1 or nothing, and a drawing hides the example", () => {
  const enter = (state, name, { table }) => Object.assign(state, { domain: name, d: table[name].dims[0] });
  const may = (state) => state.domain === "digits";
  const rows = [domain(enter), word("d", numberOf("dims")), example(), flag("pca", may)];
  const table = { digits: { dims: [2, 8], examples: ["one"] }, photos: { dims: [], examples: [] } };
  const [standard, about] = [
    { domain: "digits", d: 2, example: null, pca: false },
    { table, word: null },
  ];
  const words = { domain: "digits", d: "8", example: "one", pca: "1" };
  const { state, wrong } = fromAddress(words, rows, standard, about);
  assert.deepEqual([state, wrong], [{ domain: "digits", d: 8, example: "one", pca: true }, false]);
  assert.deepEqual(toAddress(rows, state, about), { domain: "digits", d: 8, example: "one", pca: 1 });
  assert.deepEqual(toAddress(rows, state, { table, word: "ab" }).example, null);
  for (const bad of [{ domain: "cats" }, { d: "3" }, { example: "two" }, { pca: "0" }, { domain: "photos", pca: "1" }])
    assert.equal(fromAddress(bad, rows, standard, about).wrong, true, JSON.stringify(bad));
});
