// This picture at every latent dimension: a row a kind of model, a column a dimension; a click chooses one.

import { html } from "../../page/frame/dom.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { modelKey } from "../../page/maths/models.js";
import { number, t } from "../../page/frame/text.js";

// rows: [{kind, dims}] -> every dimension that occurs, ascending.
export const columnsOf = (rows) => [...new Set(rows.flatMap((r) => r.dims))].sort((a, b) => a - b);

export const createStrip = (root, choose) => {
  const cells = new Map();

  const build = (rows) => {
    const columns = columnsOf(rows);
    cells.clear();
    root.style.setProperty("--count", columns.length);
    root.replaceChildren(html("<i></i>"), ...columns.map((d) => html(`<span class="vd-columnhead" aria-hidden="true">${d}</span>`)));
    for (const { kind, dims } of rows) {
      root.append(html(`<span class="vd-rowhead" data-kind="${kind}">${t(`kind.${kind}`)}</span>`));
      for (const d of columns) {
        const cell = html(
          dims.includes(d)
            ? `<button type="button" class="vd-cell"><canvas class="vd-pixels" width="28" height="28"></canvas><span></span></button>`
            : `<i></i>`,
        );
        cell.onclick = dims.includes(d) ? () => choose(kind, d) : null;
        if (dims.includes(d)) cells.set(modelKey(kind, d, 1), { cell, kind, d });
        root.append(cell);
      }
    }
  };

  return {
    // results: a Map of results by model key; those that are missing are shown pale until they come.
    draw: (rows, results, channels) => {
      const wanted = JSON.stringify([rows, rows.map((r) => t(`kind.${r.kind}`))]);
      if (root.dataset.rows !== wanted) {
        root.dataset.rows = wanted;
        build(rows);
      }
      for (const [key, { cell, kind, d }] of cells) {
        const result = results.get(key);
        const [canvas, note] = cell.children;
        const psnr = result ? number(result.psnr, 1) : "…";
        cell.classList.toggle("vd-pale", !result);
        cell.setAttribute("aria-label", t("every.cell", { kind: t(`kind.${kind}`), d, psnr }));
        note.textContent = psnr;
        if (result) paint(canvas, rgba(unpack(result.x_hat), channels));
      }
    },
    mark: (kind, d) => {
      for (const c of cells.values()) c.cell.setAttribute("aria-pressed", c.kind === kind && c.d === d);
    },
  };
};
