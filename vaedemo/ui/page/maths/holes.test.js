import assert from "node:assert/strict";
import { test } from "node:test";
import { central, clearance, holes, inside } from "./holes.js";
import { fromWord, joined, moved, toWord, zoomed } from "./piece.js";

// A grid of points of two classes, left and right, with a round hole at the origin; and one point far away.
const points = [];
const labels = [];
for (let a = -10; a <= 10; a += 0.5)
  for (let b = -10; b <= 10; b += 0.5)
    if (Math.hypot(a, b) > 3) {
      points.push(a, b);
      labels.push(a < 0 ? 0 : 1);
    }
points.push(500, 500);
labels.push(1);

test("the central square holds the share of the points, whatever lies far out", () => {
  const piece = central(points, 0.8);
  const share = inside(points, piece).length / points.length;
  assert.ok(Math.abs(share - 0.8) < 0.1 && piece.high[0] < 11, `${share}`);
});

test("the hole between two classes is found, and its clearance is its radius", () => {
  const [first] = holes({ points, labels }, { low: [-10, -10], high: [10, 10] }, 1.5);
  assert.ok(Math.hypot(...first.at) < 0.5);
  assert.equal(first.radius, clearance(points, ...first.at));
  assert.deepEqual([...first.between].sort(), [0, 1]);
  assert.deepEqual(holes({ points, labels }, { low: [-10, -10], high: [10, 10] }, 5), []);
});

test("zooming keeps the point under the pointer, and nothing leaves the whole", () => {
  const whole = { low: [-10, -10], high: [10, 10] };
  const near = zoomed(whole, whole, 0.5, [4, -2]);
  assert.ok(Math.abs((4 - near.low[0]) / (near.high[0] - near.low[0]) - 0.7) < 0.002);
  assert.equal(zoomed(near, whole, 9), whole);
  const edge = moved(near, whole, [100, 0]);
  assert.ok(Math.abs(edge.high[0] - 10) < 0.01 && Math.abs(edge.low[1] - near.low[1]) < 0.01);
  assert.deepEqual(fromWord(toWord(near)), near);
  assert.deepEqual(joined({ low: [0, 0], high: [2, 2] }, { low: [-2, 0], high: [0, 2] }), { low: [-2, -1], high: [2, 3] });
});
