import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST, MOST_BYTES, added, coordinates, empty, until } from "./record.js";

const moment = (step, size = 10) => ({ step, codes: "", map: "x".repeat(size), rows: "", probe: "" });

test("a record never has too many moments, and keeps its ends", () => {
  let record = empty();
  for (let step = 0; step < 5 * MOST; step += 1) {
    record = added(record, moment(step));
    assert.ok(record.moments.length <= MOST);
    assert.equal(record.moments[0].step, 0);
    assert.equal(record.moments.at(-1).step, step);
  }
  assert.equal(record.bytes, 10 * record.moments.length);
});

test("nor too many bytes", () => {
  let record = empty();
  for (let step = 0; step < 40; step += 1) record = added(record, moment(step, MOST_BYTES / 20));
  assert.ok(record.bytes <= MOST_BYTES);
  assert.equal(record.moments.at(-1).step, 39);
});

test("coordinates are shares of the span", () => {
  const bytes = new Uint8Array(new Int16Array([32767, -32767, 0, 16384]).buffer);
  assert.deepEqual(coordinates(bytes)[0], [1, -1]);
  assert.ok(Math.abs(coordinates(bytes)[1][1] - 0.5) < 1e-4);
});

test("the moment at a step is the last one before it", () => {
  const moments = [0, 10, 20].map((step) => moment(step));
  assert.equal(until(moments, 15), 1);
  assert.equal(until(moments, -1), 0);
  assert.equal(until(moments, 99), 2);
});
