import assert from "node:assert/strict";
import { test } from "node:test";
import {
  axesOf,
  digits,
  extent,
  frame,
  grain,
  lens,
  nearest,
  neighbourDistance,
  noise,
  normal,
  outline,
  quantile,
  rounded,
  ticks,
} from "./geometry.js";

const BOX = { low: [-4, -2], high: [4, 6] };
const near = (a, b, most = 1e-9) => assert.ok(Math.abs(a - b) <= most, `${a} is not ${b}`);

test("quantiles are those of N(0, 1), and its distribution function takes them back", () => {
  for (const [p, z] of [
    [0.5, 0],
    [0.975, 1.959963985],
    [0.001, -3.090232306],
    [0.8413447461, 1],
  ])
    near(quantile(p), z, 1e-6);
  for (let p = 0.001; p < 1; p += 0.037) near(normal(quantile(p)), p, 2e-7);
});

test("a frame takes each of its pixels back, straight and warped", () => {
  for (const warped of [false, true]) {
    const own = frame(BOX, 400, warped);
    for (const x of [1, 57, 200, 399]) near(own.x(own.a(x)), x, 1e-3);
    for (const y of [1, 57, 200, 399]) near(own.y(own.b(y)), y, 1e-3);
    assert.ok(own.y(1) < own.y(0), "z2 goes up");
  }
  near(lens([1, 2], 0.5, 100).x(1), 50);
});

test("ticks are round and inside", () => {
  assert.deepEqual(
    ticks(-1, 1, 4).map((v) => Number(v.toFixed(9))),
    [-1, -0.5, 0, 0.5, 1],
  );
  for (const [low, high] of [
    [-4, 3.7],
    [0.011, 0.029],
    [-900, 1200],
  ])
    for (const v of ticks(low, high)) assert.ok(v >= low && v <= high + 1e-9);
});

test("the axes of a covariance are those it was made of", () => {
  const [r1, r2, angle] = [3, 0.5, 0.7];
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const entry = (u, v) => r1 ** 2 * u[0] * v[0] + r2 ** 2 * u[1] * v[1];
  const [x, y] = [
    [c, -s],
    [s, c],
  ];
  const own = axesOf([
    [entry(x, x), entry(x, y)],
    [entry(x, y), entry(y, y)],
  ]);
  near(own.r1, r1);
  near(own.r2, r2);
  near(own.angle, angle);
  const box = extent(outline([0, 0], { r1: 2, r2: 1, angle: 0 }), { x: (v) => v, y: (v) => v });
  near(box[0], 4, 1e-2);
  near(box[1], 2, 1e-2);
});

test("the nearest points are the nearest, nearest first", () => {
  const points = noise(3, 400);
  const found = nearest(points, 0.3, -0.2, 5);
  const all = Array.from({ length: 200 }, (_, i) => ({ index: i, distance: Math.hypot(points[2 * i] - 0.3, points[2 * i + 1] + 0.2) }));
  all.sort((a, b) => a.distance - b.distance);
  assert.deepEqual(
    found.map((f) => f.index),
    all.slice(0, 5).map((f) => f.index),
  );
});

test("the neighbours' distance is that of all pairs", () => {
  const points = noise(4, 300);
  const far = Array.from({ length: 150 }, (_, i) => {
    const others = Array.from({ length: 150 }, (_, j) =>
      i === j ? Infinity : Math.hypot(points[2 * i] - points[2 * j], points[2 * i + 1] - points[2 * j + 1]),
    );
    return Math.min(...others);
  }).sort((a, b) => a - b);
  near(neighbourDistance(points, { low: [-4, -4], high: [4, 4] }, 0.9), far[Math.floor(0.9 * 149)]);
});

test("numbers are normal, the same for a seed, and others for another", () => {
  const drawn = noise(5, 20_000);
  const mean = drawn.reduce((a, b) => a + b) / drawn.length;
  const square = drawn.reduce((a, b) => a + b * b, 0) / drawn.length;
  assert.ok(Math.abs(mean) < 0.03 && Math.abs(square - 1) < 0.04);
  assert.deepEqual(noise(5, 10), drawn.slice(0, 10));
  assert.notDeepEqual(noise(6, 10), drawn.slice(0, 10));
});

test("a chosen coordinate is a word that says it exactly", () => {
  const step = grain(BOX);
  assert.equal(rounded(Number(rounded(1.23456789, step).toFixed(digits(step))), step), rounded(1.23456789, step));
});
