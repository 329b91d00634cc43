import assert from "node:assert/strict";
import { test } from "node:test";
import { fromWord, maskFromWord, maskToWord, toWord } from "./words.js";

const ROW = { channels: 1, size: 4, strokes: "light" };

test("a drawing survives its word at four bits a pixel", () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => 17 * i);
  const word = toWord(bytes);
  assert.match(word, /^[\w-]+$/);
  assert.deepEqual(fromWord(word, ROW), bytes);
  const rough = fromWord(toWord(bytes.map((v) => Math.min(255, v + 7))), ROW);
  assert.ok(rough.every((v, i) => Math.abs(v - bytes[i]) <= 8));
});

test("a word of another size, of other signs or for a domain without strokes is none", () => {
  const word = toWord(new Uint8Array(16));
  assert.equal(fromWord(word, { ...ROW, size: 6 }), null);
  assert.equal(fromWord(word, { ...ROW, strokes: null }), null);
  for (const bad of ["", "a+b", "%", "A"]) assert.equal(fromWord(bad, ROW), null);
});

test("a mask survives its word, whatever its size", () => {
  for (const pixels of [1, 8, 25, 784]) {
    const mask = Uint8Array.from({ length: pixels }, (_, i) => (i * 7) % 3 === 0);
    assert.deepEqual(maskFromWord(maskToWord(mask), pixels), mask);
    assert.equal(maskFromWord(maskToWord(mask), pixels + 8), null);
  }
});
