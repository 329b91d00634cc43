import assert from "node:assert/strict";
import { test } from "node:test";
import { WHOLE, bounded, closer, moved, pixelAt, placeFromWord, placeToWord, seenBox, transform } from "./zoom.js";

const near = (a, b) => assert.ok(Math.abs(a - b) < 1e-9, `${a} is not ${b}`);

test("what lies under the hand stays there", () => {
  const at = [0.3, 0.6];
  const place = closer(WHOLE, 3, at, 20);
  near(place.x + (at[0] - 0.5) / place.zoom, 0.3);
  near(place.y + (at[1] - 0.5) / place.zoom, 0.6);
  assert.deepEqual(closer(place, 1 / 30, at, 20), WHOLE);
  assert.equal(closer(place, 100, at, 20).zoom, 20);
});

test("nothing beside the picture is seen", () => {
  assert.deepEqual(moved(WHOLE, [0.4, -0.2], 8), WHOLE);
  assert.deepEqual(moved({ zoom: 2, x: 0.5, y: 0.5 }, [5, -5], 8), { zoom: 2, x: 0.25, y: 0.75 });
  assert.deepEqual(bounded({ zoom: 0.2, x: 3, y: -1 }, 8), WHOLE);
});

test("the part that is seen, and the pixel under the hand", () => {
  assert.deepEqual(seenBox(WHOLE, 601, 400), [0, 0, 601, 400]);
  assert.deepEqual(seenBox({ zoom: 4, x: 0.125, y: 0.875 }, 400, 200), [0, 150, 100, 50]);
  assert.deepEqual(pixelAt(WHOLE, [0, 0.999], 10, 10), [0, 9]);
  assert.deepEqual(pixelAt({ zoom: 10, x: 0.95, y: 0.05 }, [0.5, 0.5], 10, 10), [9, 0]);
  assert.equal(transform({ zoom: 2, x: 0.25, y: 0.5 }), "translate(0%, -50%) scale(2)");
});

test("a place is said and read back", () => {
  assert.equal(placeToWord(WHOLE), null);
  assert.deepEqual(placeFromWord(placeToWord({ zoom: 4, x: 0.25, y: 0.5 })), { zoom: 4, x: 0.25, y: 0.5 });
  for (const wrong of ["", "2", "2,0.5", "0.5,0.5,0.5", "2,2,0", "a,0,0", "2,0.5,0.5,1", "1e9,0.5,0.5"])
    assert.equal(placeFromWord(wrong), undefined);
});
