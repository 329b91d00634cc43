import assert from "node:assert/strict";
import { test } from "node:test";
import { through } from "./axes.js";

test("a path goes from left to right, the highest value above, and ends where the values end", () => {
  assert.equal(through([1, 3, 2], 4, 100, 44), "M0.0 42.0L25.0 2.0L50.0 22.0");
  assert.equal(through([-5, -5], 1, 10, 10), "M0.0 8.0L10.0 8.0");
});
