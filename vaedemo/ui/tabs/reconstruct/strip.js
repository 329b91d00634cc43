// This picture at every latent dimension: a row a kind of model, a column a dimension; a click chooses one.

import { html } from "../../page/vendor/lit-html.js";
import { number, t } from "../../page/frame/text.js";
import { kindsOf, modelKey } from "../../page/maths/models.js";

// Every dimension that a domain has a model of, ascending.
export const columnsOf = (row) => [...new Set(kindsOf(row).flatMap((kind) => row.kinds[kind]))].sort((a, b) => a - b);

// Those whose results are missing are shown pale until they come.
const cell = (tab, kind, d) => {
  const { state } = tab;
  const result = tab.results.get(modelKey(kind, d, 1));
  const psnr = result ? number(result.psnr, 1) : "…";
  return html`<button type="button" class="vd-cell ${result ? "" : "vd-pale"}" aria-pressed=${kind === state.kind && d === state.d}
    aria-label=${t("every.cell", { kind: t(`kind.${kind}`), d, psnr })} @click=${() => tab.choose({ kind, d, beta: 1 })}><canvas class="vd-pixels"
    width="28" height="28" .draw=${result?.draw}></canvas><span>${psnr}</span></button>`;
};

export const strip = (tab) => {
  const { row } = tab;
  const columns = columnsOf(row);
  const line = (kind) =>
    html`<span class="vd-rowhead" data-kind=${kind}>${t(`kind.${kind}`)}</span>${columns.map((d) =>
      row.kinds[kind].includes(d) ? cell(tab, kind, d) : html`<i></i>`,
    )}`;
  return html`<div class="vd-strip" data-part="strip" role="group" aria-label=${t("every.title")} style="--count: ${columns.length}"><i></i>${columns.map(
    (d) => html`<span class="vd-columnhead" aria-hidden="true">${d}</span>`,
  )}${kindsOf(row).map(line)}</div>`;
};
