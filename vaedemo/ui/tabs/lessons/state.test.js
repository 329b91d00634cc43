import assert from "node:assert/strict";
import { test } from "node:test";
import { fromAddress, toAddress } from "../../page/frame/state.js";
import { WORDS, count, keyed, moved, readAnswers, standard, withAnswer, without } from "./state.js";

const about = { names: ["one", "two"], steps: { one: 3, two: 2 } };
const none = readAnswers(null, about);

test("the address opens a lesson at its step", () => {
  for (const [words, lesson, step] of [
    [{}, null, 0],
    [{ lesson: "two" }, "two", 0],
    [{ lesson: "one", step: "3" }, "one", 2],
  ]) {
    const { state, wrong } = fromAddress(words, WORDS, standard(), about);
    assert.deepEqual([state, wrong], [{ lesson, step }, false]);
    const said = Object.entries(toAddress(WORDS, state, about)).filter(([, v]) => v !== null);
    assert.deepEqual(Object.fromEntries(said.map(([k, v]) => [k, String(v)])), words);
  }
  for (const words of [
    { lesson: "three" },
    { step: "1" },
    { lesson: "two", step: "3" },
    { lesson: "two", step: "0" },
    { lesson: "__proto__" },
  ])
    assert.equal(fromAddress(words, WORDS, standard(), about).wrong, true, JSON.stringify(words));
});

test("answers are kept, counted and forgotten; the first to a step stays", () => {
  assert.deepEqual(count(Object.values(none)), { steps: 5, answered: 0, right: 0 });
  const first = withAnswer(none, { lesson: "one", step: 1 }, { choice: 2, right: true });
  const more = withAnswer(first, { lesson: "one", step: 1 }, { choice: 0, right: false });
  assert.equal(more, first);
  const all = withAnswer(first, { lesson: "two", step: 0 }, { choice: null, right: false });
  assert.deepEqual(count(Object.values(all)), { steps: 5, answered: 1, right: 1 });
  assert.deepEqual(readAnswers(JSON.stringify(all), about), all);
  assert.deepEqual(without(all, "one"), { one: [null, null, null], two: all.two });
  assert.deepEqual(none, { one: [null, null, null], two: [null, null] });
});

test("what is no answer, or of another lesson, counts as nothing", () => {
  for (const text of ["", "{", "3", "null", "[]", '{"one": 3}', '{"one": [3, "x", []]}', '{"gone": [{"choice": 1, "right": true}]}'])
    assert.equal(count(Object.values(readAnswers(text, about))).answered, 0, text);
  const odd = readAnswers('{"one": [{"choice": -1, "right": true}, {"choice": 1, "right": "yes"}, null, {"choice": 1}]}', about);
  assert.deepEqual(odd.one, [{ choice: null, right: false }, { choice: 1, right: false }, null]);
});

test("steps follow one another over the ends of lessons", () => {
  assert.deepEqual(moved({ lesson: "one", step: 0 }, 1, about), { lesson: "one", step: 1 });
  assert.deepEqual(moved({ lesson: "one", step: 2 }, 1, about), { lesson: "two", step: 0 });
  assert.deepEqual(moved({ lesson: "two", step: 0 }, -1, about), { lesson: "one", step: 2 });
  assert.equal(moved({ lesson: "one", step: 0 }, -1, about), null);
  assert.equal(moved({ lesson: "two", step: 1 }, 1, about), null);
});

test("keys move, answer and reveal", () => {
  assert.deepEqual(["ArrowLeft", "PageDown", "2", " ", "Enter", "0", "a"].map(keyed), [
    { move: -1 },
    { move: 1 },
    { answer: 1 },
    { reveal: true },
    { reveal: true },
    null,
    null,
  ]);
});
