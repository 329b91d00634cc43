// Rows of small pictures with a name and a figure each: the answers, and the other methods. No state.

import { html } from "../../page/vendor/lit-html.js";
import { number, t } from "../../page/frame/text.js";
import { unpack } from "../../page/draw/pixels.js";
import { paintBytes, paintUri } from "./paint.js";

// cells: [{name, label, note, pressed, draw(canvas), click or null}].
export const cellRow = (cells) =>
  cells.map(
    ({ name, label, note, pressed, draw, click }) => html`<button type="button" class="vd-cell" data-name=${name} aria-pressed=${pressed}
    ?disabled=${!click} @click=${click}><canvas class="vd-pixels" width="28" height="28"
    aria-hidden="true" .draw=${draw}></canvas><b>${label}</b><small>${note}</small></button>`,
  );

const db = (f) => (f ? t("restore.db", { value: number(f.hole ?? f.psnr, 1) }) : "");

// The mean and every sample of a small picture's answer; choose(view) at a click.
export const answerCells = (answer, { size, channels, view }, choose) => {
  const samples = unpack(answer.samples);
  const draw = (bytes) => (canvas) => paintBytes(canvas, bytes, channels);
  const mean = {
    name: "mean",
    label: t("restored.mean"),
    note: db(answer.figures?.mean),
    pressed: view === "mean",
    draw: draw(unpack(answer.mean)),
    click: () => choose("mean"),
  };
  const others = answer.log_likelihood.map((_, i) => {
    const best = i === answer.best;
    return {
      name: i,
      label: best ? t("restored.closest") : t("restored.sample", { n: i + 1 }),
      note: db(answer.figures?.samples[i]),
      pressed: view === i || (view === "best" && best),
      draw: draw(samples.subarray(i * size, (i + 1) * size)),
      click: () => choose(best ? "best" : i),
    };
  });
  return [mean, ...others];
};

export const photoCells = (uris) =>
  uris.map((uri, i) => ({
    name: i,
    label: t("restored.sample", { n: i + 1 }),
    note: "",
    pressed: false,
    draw: (c) => paintUri(c, uri),
    click: null,
  }));

// What each method makes of the same input: {method: {x_hat, psnr, hole} or undefined}.
export const methodCells = (mean, answer, methods, others, channels) => {
  const cell = (name, x_hat, figures) => ({
    name,
    label: t(`method.${name}`),
    note: db(figures),
    pressed: false,
    draw: (canvas) => (x_hat.startsWith("data:") ? paintUri(canvas, x_hat) : paintBytes(canvas, unpack(x_hat), channels)),
    click: null,
  });
  const known = methods.filter((m) => others[m]);
  return [
    cell("vae", mean, answer.figures?.mean),
    ...known.map((m) => cell(m, others[m].x_hat, others[m].psnr === undefined ? null : others[m])),
  ];
};
