// The state of "Lessons", its words in the address, and the answers that this browser keeps. Pure functions.

import { oneOf, whole } from "../../page/frame/state.js";

export const standard = () => ({ lesson: null, step: 0 }); // step: from 0; in the address from 1

// about: {names: of the lessons in their order, steps: {name: how many}}.
export const WORDS = [
  { name: "lesson", parse: oneOf((_, { names }) => names), format: (state) => state.lesson },
  {
    name: "step",
    parse: (text, state, about) => (state.lesson ? whole(1, about.steps[state.lesson])(text) : undefined),
    put: (state, value) => (state.step = value - 1),
    format: (state) => (state.lesson && state.step > 0 ? state.step + 1 : null),
  },
];

// Answers as they are kept: {lesson: [{choice: number, or null where it was looked up, right: bool} or null, ...]}. What is
// no such thing, which anybody may have written there, counts as nothing.
export const readAnswers = (text, { steps }) => {
  let kept = null;
  try {
    kept = JSON.parse(text);
  } catch {
    // nothing is kept
  }
  const one = (a) => {
    if (!a || typeof a !== "object") return null;
    const chosen = Number.isInteger(a.choice) && a.choice >= 0 ? a.choice : null;
    return { choice: chosen, right: chosen !== null && a.right === true };
  };
  const found = {};
  for (const [name, count] of Object.entries(steps)) {
    const given = kept && Object.hasOwn(kept, name) && Array.isArray(kept[name]) ? kept[name] : [];
    found[name] = Array.from({ length: count }, (_, i) => one(given[i]));
  }
  return found;
};

// The answers with one more; the first answer to a step stays.
export const withAnswer = (answers, { lesson, step }, answer) => {
  const row = answers[lesson];
  return row[step] ? answers : { ...answers, [lesson]: row.map((a, i) => (i === step ? answer : a)) };
};

export const without = (answers, lesson) => ({ ...answers, [lesson]: answers[lesson].map(() => null) });

// {steps, answered: with a choice, right} of some rows of answers.
export const count = (rows) => {
  const all = rows.flat();
  return { steps: all.length, answered: all.filter((a) => a && a.choice !== null).length, right: all.filter((a) => a?.right).length };
};

// The state after a step forward or back, over the end of a lesson into the next one; null where there is none.
export const moved = ({ lesson, step }, by, { names, steps }) => {
  const next = step + by;
  if (next >= 0 && next < steps[lesson]) return { lesson, step: next };
  const other = names[names.indexOf(lesson) + by];
  return other ? { lesson: other, step: by > 0 ? 0 : steps[other] - 1 } : null;
};

// What a key does: {move: -1 or 1}, {answer: number}, {reveal: true}, or null.
export const keyed = (key) => {
  if (key === "ArrowRight" || key === "PageDown") return { move: 1 };
  if (key === "ArrowLeft" || key === "PageUp") return { move: -1 };
  if (/^[1-9]$/.test(key)) return { answer: Number(key) - 1 };
  return key === " " || key === "Enter" ? { reveal: true } : null;
};
