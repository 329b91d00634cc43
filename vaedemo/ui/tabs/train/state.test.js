import assert from "node:assert/strict";
import { test } from "node:test";
import { PRESETS, configOf, preset, presetOf, settled, standard, stateOf } from "./state.js";

test("each preset is known again, whatever its seed, and no two are alike", () => {
  for (const name of Object.keys(PRESETS)) assert.equal(presetOf({ ...preset(name), seed: 7 }), name);
  assert.equal(presetOf({ ...standard(), lr: 0.001 }), null);
});

test("settings become those of a run", () => {
  assert.deepEqual([configOf(standard()).kind, configOf(preset("conv")).kind, configOf(preset("two")).kind], ["dense-vae", "vae", "dense"]);
  assert.deepEqual([configOf(preset("held")).sigma, configOf(preset("learned")).sigma], [0.1, 0]);
  assert.equal(configOf(preset("held")).likelihood, "gaussian");
});

test("pictures of one's own are not binarised, and all are learned from", () => {
  const state = settled(preset("few"), { data: "own" });
  assert.equal(state.few, false);
  assert.equal(state.likelihood, "gaussian");
});

test("a run's settings come back from its file", () => {
  for (const name of Object.keys(PRESETS)) assert.deepEqual(stateOf(configOf(preset(name)), preset(name)), preset(name));
});
