import assert from "node:assert/strict";
import { test } from "node:test";
import { inverted, missing, pointAt, resized, stroke } from "./masks.js";

test("a stroke covers what lies within its radius of the segment, and nothing beyond the mask", () => {
  const [width, height, radius] = [20, 12, 2.5];
  const [a, b] = [
    { x: 3, y: 2 },
    { x: 26, y: 9 },
  ];
  const mask = new Uint8Array(width * height).fill(1);
  stroke(mask, width, height, a, b, radius, 0);
  const far = (x, y) => {
    const along = Math.min(1, Math.max(0, ((x - a.x) * (b.x - a.x) + (y - a.y) * (b.y - a.y)) / ((b.x - a.x) ** 2 + (b.y - a.y) ** 2)));
    return Math.hypot(x - a.x - along * (b.x - a.x), y - a.y - along * (b.y - a.y));
  };
  mask.forEach((v, i) => assert.equal(v, Number(far((i % width) + 0.5, Math.floor(i / width) + 0.5) > radius)));
});

test("a point is a disc, and its own stroke takes it back", () => {
  const mask = new Uint8Array(49).fill(1);
  stroke(mask, 7, 7, { x: 3.5, y: 3.5 }, { x: 3.5, y: 3.5 }, 1, 0);
  assert.equal(missing(mask), 5);
  stroke(mask, 7, 7, { x: 3.5, y: 3.5 }, { x: 3.5, y: 3.5 }, 1, 1);
  assert.equal(missing(mask), 0);
});

test("inverted twice is the same, and counts add up", () => {
  const mask = Uint8Array.from({ length: 30 }, (_, i) => i % 4 > 0);
  assert.deepEqual(inverted(inverted(mask)), mask);
  assert.equal(missing(mask) + missing(inverted(mask)), 30);
});

test("a mask at twice its size is four times itself; at its own size it is a copy", () => {
  const small = { width: 3, height: 2, data: Uint8Array.from([1, 0, 1, 0, 0, 1]) };
  const large = resized(small, 6, 4);
  assert.equal(missing(large.data), 4 * missing(small.data));
  assert.deepEqual(resized(large, 3, 2), small);
  const same = resized(small, 3, 2);
  assert.deepEqual(same, small);
  assert.notEqual(same.data, small.data);
});

test("a picture lies in the middle of a box that is too wide", () => {
  const box = { left: 10, top: 20, width: 300, height: 100 };
  assert.deepEqual(pointAt(box, 50, 50, 110, 20), { x: 0, y: 0 });
  assert.deepEqual(pointAt(box, 50, 50, 210, 120), { x: 50, y: 50 });
});
