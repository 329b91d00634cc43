import assert from "node:assert/strict";
import { test } from "node:test";
import { editsFromWord, editsToWord, spreads, usualModel } from "./codes.js";

test("edits survive their word", () => {
  const edits = new Map([
    [6, 1.25],
    [0, -0.5],
  ]);
  assert.equal(editsToWord(edits), "7:1.25_1:-0.5");
  assert.deepEqual(editsFromWord("7:1.25_1:-0.5", 8), edits);
  assert.equal(editsToWord(new Map()), null);
  assert.deepEqual(editsFromWord(undefined, 8), new Map());
});

test("what is no such word is null", () => {
  for (const word of ["9:1", "0:1", "1:3.5", "1:x", "1.5:1", "a"]) assert.equal(editsFromWord(word, 8), null, word);
});

test("an autoencoder has its own spread, a VAE the prior's", () => {
  const figures = { mean: [1, 2], std: [0.5, 0] };
  assert.deepEqual(spreads("ae", figures, 2), [
    { mean: 1, std: 0.5 },
    { mean: 2, std: 1e-6 },
  ]);
  assert.deepEqual(spreads("vae", figures, 2), [
    { mean: 0, std: 1 },
    { mean: 0, std: 1 },
  ]);
});

test("the model that shows most has betas", () => {
  assert.deepEqual(usualModel({ kinds: { vae: [2, 8, 10], ae: [2] }, betas: { 10: [1, 4] } }), { kind: "vae", d: 10, beta: 1 });
  assert.deepEqual(usualModel({ kinds: { ae: [2, 8, 64] }, betas: {} }), { kind: "ae", d: 8, beta: 1 });
});
