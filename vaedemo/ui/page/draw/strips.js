// Walks as strips: a row a model and path, its pictures side by side, the one of the moment large before them, and below
// each picture how far its code is from the origin. Templates without state.

import { html, nothing } from "../vendor/lit-html.js";
import { number, t } from "../frame/text.js";
import { norm } from "../maths/paths.js";

const NARROW = 620;

// Pictures in a line: all where there is room, else as even as lines of at most six can be.
export const across = (n, width) => (width < NARROW ? Math.ceil(n / Math.ceil(n / 6)) : n);

const at = (frames, share) => frames?.[Math.round(share * (frames.length - 1))];

// row: {kind, path} and, once they are there, {z: n codes, pictures: drawings of them, fine: drawings of finer steps}.
// given: {n, size, share: where on the way, go(share): a picture was clicked, keep(row, format, button): it is to be saved}.
export const stripRow = (row, { n, size, share, go, keep }) => {
  const { kind, path, z, pictures, fine } = row;
  const [model, way] = [t(`kind.${kind}`), t(`walk.path.${path}`)];
  const name = `${model}, ${way}`;
  const here = Math.round(share * (n - 1));
  const save = (format, text) => {
    const title = t("walk.save", { name, format: text });
    return html`<button type="button" data-format=${format} aria-label=${title} title=${title}
      @click=${(e) => keep(row, format, e.currentTarget)}>${text}</button>`;
  };
  const cell = (_, k) => {
    const length = z ? number(norm(z[k]), 1) : "";
    return html`<span data-k=${k} class=${k === here ? "vd-on" : ""} @click=${() => go(k / (n - 1))}><canvas class="vd-pixels" role="img" width=${size}
      height=${size} aria-label=${t("walk.step", { k: k + 1, n, norm: length })} .draw=${pictures?.[k]}></canvas><small>${length}</small></span>`;
  };
  return html`<div class="vd-walkrow" data-row="${kind}-${path}" role="group" aria-label=${name} data-drawn=${z?.length ?? nothing}>
      <div class="vd-picture"><canvas class="vd-pixels" role="img" aria-label=${t("walk.now", { name })} .draw=${at(fine ?? pictures, share)}></canvas></div>
      <div class="vd-walkmain"><header><b data-kind=${kind}>${model}</b><span>${way}</span><i class="vd-path-${path}" aria-hidden="true"></i><em></em>${save("gif", "GIF")}${save("webp", "WebP")}</header><div
        class="vd-walkstrip">${Array.from({ length: n }, cell)}</div></div></div>`;
};
