// What is said of a point on a map: its coordinates, the classes of the nearest test pictures, how far it is from the
// prior; the legend of the classes. The spoken text changes only when the pointer rests.

import { html } from "../frame/dom.js";
import { classColour } from "./layers.js";
import { className, number, t } from "../frame/text.js";

export const createReadout = (p, kind) => {
  const part = (name) => p[`${kind}${name}`];
  const chips = Array.from({ length: 5 }, () => html(`<span class="vd-lat-chip"><i></i><span></span></span>`));
  part("Near").append(html(`<span class="vd-note"></span>`), ...chips);

  return {
    // In every frame of a move: nothing but the two numbers.
    coordinates: (a, b) => {
      part("A").textContent = a;
      part("B").textContent = b;
    },
    mark: (shown) => {
      const text = shown ? t(`latent.${shown}`) : "";
      if (part("Mark").textContent === text) return;
      part("Mark").textContent = text;
      part("Mark").dataset.mark = shown;
    },
    // At rest: the reading of the map; map: the domain's; posterior: distance in sigma from the picture at hand, or null.
    tell: (reading, map, { palette, sigmas, d }) => {
      part("A").textContent = reading.text[0];
      part("B").textContent = reading.text[1];
      part("Name").textContent = d > 2 ? "PC" : "z";
      part("Near").firstElementChild.textContent = t(d > 2 ? "latent.near.plane" : "latent.near");
      const labels = reading.near.map(({ label }) => label);
      const names = labels.map((label) => className(map.classes[label]));
      chips.forEach((chip, i) => {
        const [label, first] = [labels[i], labels.indexOf(labels[i]) === i];
        chip.hidden = label === undefined || !first;
        if (chip.hidden) return;
        const count = labels.filter((l) => l === label).length;
        chip.firstElementChild.style.background = classColour(map.colours[label], palette);
        chip.lastElementChild.textContent = names[i] + (count > 1 ? ` × ${count}` : "");
      });
      const far = [kind === "vae" ? t("latent.prior.distance", { r: number(reading.prior, 2) }) : null];
      if (sigmas > 0.05) far.push(t("latent.posterior.distance", { s: number(sigmas, sigmas < 10 ? 1 : 0) }));
      part("Far").textContent = far.filter(Boolean).join(" · ") || t("latent.nearest", { r: number(reading.near[0]?.distance ?? 0, 2) });
      const hole = reading.hole && d === 2;
      part("Why").textContent = t(hole ? `latent.hole.${kind}` : d > 2 ? "latent.why.plane" : `latent.why.${kind}`, { d });
      part("Why").classList.toggle("vd-lat-hole", hole);
      const live = t("latent.live", { kind: t(`kind.${kind}`), a: reading.text[0], b: reading.text[1], names: names.join(", ") });
      part("Live").textContent = hole ? `${live} ${t(`latent.hole.${kind}`)}` : live;
    },
  };
};

// One button a class, in its colour; toggle(label) when it is clicked.
export const drawLegend = (root, map, { hidden, palette }, toggle) => {
  const wanted = `${map.domain} ${map.classes.map(className).join()}`;
  if (root.dataset.classes !== wanted) {
    root.dataset.classes = wanted;
    root.replaceChildren(
      ...map.classes.map((name, label) => {
        const entry = html(`<button type="button" class="vd-lat-class" data-label="${label}"><i></i><span></span></button>`);
        entry.lastElementChild.textContent = className(name);
        entry.onclick = () => root.toggle(label);
        return entry;
      }),
    );
  }
  root.toggle = toggle;
  for (const entry of root.children) {
    const label = Number(entry.dataset.label);
    entry.setAttribute("aria-pressed", !hidden.has(label));
    entry.title = t(hidden.has(label) ? "latent.class.show" : "latent.class.hide");
    entry.firstElementChild.style.background = classColour(map.colours[label], palette);
  }
};
