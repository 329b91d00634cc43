// What is said of a point on a map: its coordinates, the classes of the nearest test pictures, how far it is from the
// prior; and the legend of the classes. The spoken text changes only when the pointer rests. Templates without state.

import { html } from "../vendor/lit-html.js";
import { className, number, t } from "../frame/text.js";
import { classColour } from "./layers.js";

const INNER = 2; // sigma: inside, the prior gives a place some probability

// How much of N(0, I) in the plane lies farther out than r sigma, in per cent.
const share = (r) => {
  const percent = 100 * Math.exp(-(r ** 2) / 2);
  return percent < 0.1 ? `< ${number(0.1, 1)}` : number(percent, percent < 10 ? 1 : 0);
};

// One chip a class of the nearest pictures.
const chips = ({ near, map }, palette) => {
  const labels = near.map(({ label }) => label);
  return [...new Set(labels)].map((label) => {
    const count = labels.filter((l) => l === label).length;
    return html`<span class="vd-lat-chip"><i style="background: ${classColour(map.colours[label], palette)}"></i><span>${className(
      map.classes[label],
    )}${count > 1 ? ` × ${count}` : ""}</span></span>`;
  });
};

const distances = (kind, { near, prior, sigmas }) => {
  const far = kind === "vae" ? [t("latent.prior.distance", { r: number(prior, 2) })] : [];
  if (sigmas > 0.05) far.push(t("latent.posterior.distance", { s: number(sigmas, sigmas < 10 ? 1 : 0) }));
  return far.join(" · ") || t("latent.nearest", { r: number(near[0]?.distance ?? 0, 2) });
};

// reading: of MapView at rest, with its map and sigmas: the distance from the posterior of the picture at hand, or null. The
// coordinates are written by the view, in every frame of a move.
const told = (kind, reading, palette) => {
  const { d, text, near, hole, map, prior } = reading;
  const [a, b] = text;
  const names = near.map(({ label }) => className(map.classes[label])).join(", ");
  const live = t("latent.live", { kind: t(`kind.${kind}`), a, b, names });
  const flaw = hole
    ? t(kind === "vae" ? `latent.hole.vae.${prior < INNER ? "inner" : "outer"}` : "latent.hole.ae", { share: share(prior) })
    : "";
  return {
    name: d > 2 ? "PC" : "z",
    near: html`<span class="vd-note">${t(d > 2 ? "latent.near.plane" : "latent.near")}</span>${chips(reading, palette)}`,
    far: distances(kind, reading),
    why: flaw || t(d > 2 ? "latent.why.plane" : `latent.why.${kind}`, { d }),
    flaw,
    live: flaw ? `${live} ${flaw}` : live,
  };
};

// What there is to know of the place, directly under the picture that was decoded from it.
export const reason = (kind, reading, palette) => {
  const { why, flaw } = reading ? told(kind, reading, palette) : {};
  return html`<p class="vd-note vd-lat-why ${flaw ? "vd-lat-hole" : ""}" data-kind=${kind} data-part="${kind}Why">${why}</p>`;
};

export const readout = (kind, reading, palette) => {
  const { name = "z", near, far, live } = reading ? told(kind, reading, palette) : {};
  return html`<div class="vd-lat-readout" data-kind=${kind}>
    <p class="vd-lat-z"><b class="vd-c-z" data-part="${kind}Name">${name}</b> = (<span data-part="${kind}A"></span>, <span data-part="${kind}B"></span>)</p>
    <div class="vd-lat-near" data-part="${kind}Near">${near}</div>
    <p class="vd-lat-far" data-part="${kind}Far">${far}</p>
    <output class="vd-spoken" id="vd-latent-${kind}" data-part="${kind}Live" aria-live="polite">${live}</output>
  </div>`;
};

// One button a class, in its colour; toggle(label) when it is clicked.
export const legend = (map, hidden, palette, toggle) =>
  map.classes.map((name, label) => {
    const off = hidden.has(label);
    return html`<button type="button" class="vd-lat-class" data-label=${label} aria-pressed=${!off} title=${t(off ? "latent.class.show" : "latent.class.hide")}
      @click=${() => toggle(label)}><i style="background: ${classColour(map.colours[label], palette)}"></i><span>${className(name)}</span></button>`;
  });
