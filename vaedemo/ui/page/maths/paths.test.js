import assert from "node:assert/strict";
import { test } from "node:test";
import { meanNorm, norm, onPath, swing } from "./paths.js";

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("both paths begin and end where they should, and an arc keeps its length", () => {
  const [a, b] = [
    [3, 0, 0],
    [0, 3, 0],
  ];
  for (const path of ["straight", "spherical"])
    for (const [share, end] of [
      [0, a],
      [1, b],
    ])
      onPath(a, b, path, share).forEach((v, i) => near(v, end[i]));
  near(norm(onPath(a, b, "spherical", 0.3)), 3);
  near(norm(onPath(a, b, "straight", 0.5)), 3 / Math.SQRT2);
  onPath([0, 0], [1, 1], "spherical", 0.5).forEach((v) => near(v, 0.5)); // the origin has no angle
});

test("codes of the prior are about the root of their dimensions long", () => {
  near(meanNorm(1), Math.sqrt(2 / Math.PI));
  near(meanNorm(2), Math.sqrt(Math.PI / 2));
  assert.ok(Math.abs(meanNorm(64) / Math.sqrt(63.5) - 1) < 1e-3);
});

test("a swing goes there and back and rests at both ends", () => {
  assert.deepEqual(
    [0, 1.2, 2.4, 2.8, 5.8].map((time) => Number(swing(time).toFixed(9))),
    [0, 0.5, 1, 1, 0],
  );
  near(swing(2.9 + 1.2), 0.5);
});
