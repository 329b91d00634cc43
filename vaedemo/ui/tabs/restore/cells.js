// Rows of small pictures with a name and a figure each: the answers, and the other methods. No state.

import { html } from "../../page/vendor/lit-html.js";
import { number, t } from "../../page/frame/text.js";
import { fromUri, pixels, unpack } from "../../page/draw/pixels.js";

// cells: [{name, label, figures or null, draw, pressed, click or none}].
export const cellRow = (cells) =>
  cells.map(({ name, label, figures, draw, pressed = false, click }) => {
    const note = figures ? t("restore.db", { value: number(figures.hole ?? figures.psnr, 1) }) : "";
    return html`<button type="button" class="vd-cell" data-name=${name} aria-pressed=${pressed} ?disabled=${!click} @click=${click}><canvas
      class="vd-pixels" width="28" height="28" aria-hidden="true" .draw=${draw}></canvas><b>${label}</b><small>${note}</small></button>`;
  });

// The mean and every sample of a small picture's answer; choose(view) at a click.
export const answerCells = (answer, { size, channels, view }, choose) => {
  const samples = unpack(answer.samples);
  const cell = (name, label, figures, bytes, own) => ({
    name,
    label,
    figures,
    draw: pixels(bytes, channels),
    pressed: view === name || view === own,
    click: () => choose(own),
  });
  const others = answer.log_likelihood.map((_, i) => {
    const best = i === answer.best;
    const label = best ? t("restored.closest") : t("restored.sample", { n: i + 1 });
    return cell(i, label, answer.figures?.samples[i], samples.subarray(i * size, (i + 1) * size), best ? "best" : i);
  });
  return [cell("mean", t("restored.mean"), answer.figures?.mean, unpack(answer.mean), "mean"), ...others];
};

// The same of a photograph's, whose pictures are data URIs.
export const photoCells = ({ result, samples = [], figures }, view, choose) => {
  const cell = (name, label, uri, own) => ({
    name,
    label,
    figures: own,
    draw: fromUri(uri),
    pressed: view === name,
    click: () => choose(name),
  });
  const others = samples.map((uri, i) => cell(i, t("restored.sample", { n: i + 1 }), uri, figures?.samples[i]));
  return [cell("mean", t("restored.mean"), result, figures?.mean), ...others];
};

// What each method makes of the same input: {method: {x_hat, psnr, hole} or undefined}; first what is left of the picture where nothing
// is done.
export const methodCells = ({ damaged, mean, figures }, methods, others, channels) => {
  const cell = (name, x_hat, figures) => ({
    name,
    label: t(`method.${name}`),
    figures,
    draw: x_hat.startsWith("data:") ? fromUri(x_hat) : pixels(unpack(x_hat), channels),
  });
  const known = methods.filter((m) => others[m]);
  return [
    cell("nothing", damaged, figures?.y),
    cell("vae", mean, figures?.mean),
    ...known.map((m) => cell(m, others[m].x_hat, others[m].psnr === undefined ? null : others[m])),
  ];
};
