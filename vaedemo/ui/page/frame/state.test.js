import assert from "node:assert/strict";
import { test } from "node:test";
import { between, fromAddress, numberOf, oneOf, toAddress, whole, word } from "./state.js";

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
