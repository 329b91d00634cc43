import assert from "node:assert/strict";
import { test } from "node:test";
import { betasOf, everyModel, kindsOf, nearestDim } from "./models.js";

const ROW = { kinds: { vae: [2, 8], ae: [2], pca: [] }, betas: { 8: [1, 4] } };

test("kinds in their order, and every model of them", () => {
  assert.deepEqual(kindsOf(ROW), ["ae", "vae"]);
  assert.deepEqual(everyModel(ROW), [
    ["ae", 2, 1],
    ["vae", 2, 1],
    ["vae", 8, 1],
    ["vae", 8, 4],
  ]);
  assert.deepEqual([betasOf(ROW, "vae", 8), betasOf(ROW, "ae", 8)], [[1, 4], [1]]);
});

test("the nearest dimension is so by ratio", () => {
  assert.equal(nearestDim([2, 4, 8, 16], 6), 8);
  assert.equal(nearestDim([2, 64], 11), 2);
  assert.equal(nearestDim([2, 64], 12), 64);
});
