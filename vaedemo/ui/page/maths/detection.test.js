import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ascending,
  atLeast,
  auroc,
  away,
  axisOf,
  histogram,
  operating,
  rates,
  roc,
  scoreAt,
  shareOn,
  strangerShare,
  threshold,
  wilson,
} from "./detection.js";

const near = (a, b, far = 1e-9) => assert.ok(Math.abs(a - b) <= far, `${a} is not ${b}`);

test("the area is the share of pairs in order, a tie counting half", () => {
  near(auroc(ascending([1, 2, 3]), ascending([4, 5])).value, 1);
  near(auroc(ascending([1, 2, 3]), ascending([0, 0.5])).value, 0);
  near(auroc(ascending([1, 2]), ascending([1, 3])).value, 2.5 / 4);
  near(auroc(ascending([1, 1]), ascending([1, 1])).value, 0.5);
});

test("its error is DeLong's", () => {
  // By hand: known 1, 2, 4 and foreign 3, 5: above each known 1, 1, 1/2; below each foreign 2/3, 1.
  const { value, error } = auroc(ascending([1, 2, 4]), ascending([3, 5]));
  near(value, 5 / 6);
  near(error, Math.sqrt(1 / 12 / 3 + 1 / 18 / 2));
});

test("a threshold leaves at most the share of known pictures above it", () => {
  const known = ascending(Array.from({ length: 99 }, (_, i) => i));
  assert.equal(threshold(known, 0.1), 89);
  assert.equal(rates(known, [], threshold(known, 0.1)).alarms, 9 / 99);
  assert.equal(threshold(known, 0.001), 98);
  near(strangerShare(known, 95), 5 / 100);
  near(strangerShare(known, 1000), 1 / 100);
});

test("counts of a thousand pictures add up", () => {
  const counts = operating({ alarms: 0.1, found: 0.8 }, 0.05);
  near(counts.alarms, 95);
  near(counts.missed, 10);
  near(counts.found, 40);
  near(counts.precision, 40 / 135);
  assert.equal(operating({ alarms: 0, found: 0 }, 0.05).precision, null);
});

test("the curve runs from corner to corner, and its area is the area", () => {
  const known = ascending(Array.from({ length: 200 }, (_, i) => Math.sin(i)));
  const foreign = ascending(Array.from({ length: 150 }, (_, i) => Math.sin(3 * i) + 0.5));
  const points = roc(known, foreign, 1e6);
  assert.deepEqual([points[0].alarms, points.at(-1).alarms, points.at(-1).found], [0, 1, 1]);
  let area = 0;
  for (let i = 1; i < points.length; i += 1)
    area += ((points[i].alarms - points[i - 1].alarms) * (points[i].found + points[i - 1].found)) / 2;
  near(area, auroc(known, foreign).value, 1e-9);
  assert.ok(roc(known, foreign).length < 170);
});

test("places on an axis and scores are each other's inverse", () => {
  for (const axis of [axisOf([ascending([1, 2, 300])]), axisOf([ascending([-5, 2]), ascending([8])])]) {
    for (const score of [1.5, 7]) near(scoreAt(axis, shareOn(axis, score)), score, 1e-9);
    near(
      histogram([1, 2, 3, 1e9, -1e9], axis, 7).reduce((a, b) => a + b),
      1,
    );
  }
  assert.equal(axisOf([ascending([1, 2, 300])]).log, true);
  assert.equal(axisOf([ascending([-1, 2, 300])]).log, false);
});

test("counting from above", () => {
  const sorted = ascending([3, 1, 2, 2]);
  assert.deepEqual([0, 1, 2, 2.5, 3, 4].map((v) => atLeast(sorted, v)), [4, 4, 3, 1, 1, 0]); // prettier-ignore
});

test("a distance is that of the covariance", () => {
  // Covariance [[4, 2], [2, 5]] = L L' with L = [[2, 0], [1, 2]]; its inverse is [[5, -2], [-2, 4]] / 16.
  const normal = { mean: [1, 1], factor: [2, 0, 1, 2] };
  const [a, b] = [3, -2];
  near(away(normal, [1 + a, 1 + b]), Math.sqrt((5 * a * a - 4 * a * b + 4 * b * b) / 16));
});

test("the interval of a share is Wilson's, and never a point", () => {
  const [low, high] = wilson(0.5, 100);
  near(low, 0.4038, 1e-4);
  near(high, 0.5962, 1e-4);
  assert.equal(wilson(0, 100)[0], 0);
  near(wilson(0, 100)[1], 0.037, 1e-4);
});
