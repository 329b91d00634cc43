// The two ends of a walk. An end is {kind: "example", name}, {kind: "yours"}, {kind: "file"} or {kind: "point", model, z};
// each with the picture x (base64) that stands for it.

import { aboutOf } from "../../page/frame/about.js";
import { html } from "../../page/frame/dom.js";
import { paint, rgba, unpack } from "../../page/draw/pixels.js";
import { askWith } from "../../page/picture/source.js";
import { failure, number, t } from "../../page/frame/text.js";

const UPLOAD = "M10 13V3M6 7l4-4 4 4M3 13v4h14v-4";
const POINT = "M10 2v16M2 10h16M10 6a4 4 0 1 0 .01 0";
const TURN = "M4 7h11l-3-3M16 13H5l3 3";
const icon = (path) => `<svg viewBox="0 0 20 20" aria-hidden="true"><path d="${path}"/></svg>`;

export const endsMarkup = () => `
<div class="vd-ends">
  <div class="vd-ends-slots" role="radiogroup" data-t-label="walk.ends">
    <button type="button" class="vd-end" role="radio" data-part="end0"><span class="vd-picture"><canvas class="vd-pixels" width="28" height="28"></canvas></span><b data-t="walk.from"></b><small></small></button>
    <button type="button" class="vd-icon" data-part="endTurn" data-t-label="walk.turn" data-t-title="walk.turn">${icon(TURN)}</button>
    <button type="button" class="vd-end" role="radio" data-part="end1"><span class="vd-picture"><canvas class="vd-pixels" width="28" height="28"></canvas></span><b data-t="walk.to"></b><small></small></button>
  </div>
  <div class="vd-ends-tray" data-part="endTray" role="group">
    <span class="vd-note" data-part="endInto"></span>
    <div class="vd-ends-examples" data-part="endExamples"></div>
    <div class="vd-ends-others">
      <button type="button" class="vd-button" data-part="endYours" data-t="walk.yours"></button>
      <button type="button" class="vd-button" data-part="endUpload">${icon(UPLOAD)}<span data-t="upload.button"></span></button>
      <button type="button" class="vd-button" data-part="endPoint" aria-pressed="false">${icon(POINT)}<span data-t="walk.onmap"></span></button>
    </div>
    <input type="file" data-part="endFile" accept="image/*,.tif,.tiff" hidden>
  </div>
</div>`;

// An end as a word of the address, and back: an example's name, or "vae:-0.52,1.25"; what has no word is null.
export const endToWord = (end) => {
  if (end?.kind === "example") return end.name;
  return end?.kind === "point" ? `${end.model}:${end.z.map((v) => Number(v.toFixed(3))).join()}` : null;
};
export const endFromWord = (word, row) => {
  if (row.examples.includes(word)) return { kind: "example", name: word };
  const found = /^(ae|vae):(-?[\d.]+),(-?[\d.]+)$/.exec(word ?? "");
  const z = found?.slice(2).map(Number);
  return z?.every((v) => Number.isFinite(v) && Math.abs(v) < 1000) ? { kind: "point", model: found[1], z } : null;
};

// changed(): both ends have their pictures, or one has another.
export const createEnds = (p, context, { changed, allowPoints }) => {
  const now = { ends: [null, null], active: 0, examples: [], turns: [0, 0], picking: false };
  const buttons = [p.end0, p.end1];
  const row = () => context.table[context.state.domain];

  const label = (end) => {
    if (!end) return "";
    if (end.kind === "point") return `${t(`kind.${end.model}`)} (${end.z.map((v) => number(v, 1)).join(", ")})`;
    return end.kind === "example" ? end.name : t(`walk.end.${end.kind}`);
  };
  const show = () => {
    now.ends.forEach((end, k) => {
      const [frame, , note] = buttons[k].children;
      buttons[k].setAttribute("aria-checked", k === now.active);
      buttons[k].tabIndex = k === now.active ? 0 : -1;
      note.textContent = label(end);
      buttons[k].setAttribute("aria-label", `${t(k ? "walk.to" : "walk.from")}: ${label(end)}`);
      if (end?.x) paint(frame.firstElementChild, rgba(unpack(end.x), row().channels));
    });
    p.endInto.textContent = t(now.picking ? "walk.picking" : now.active ? "walk.into.to" : "walk.into.from");
    p.endTray.setAttribute("aria-label", t(now.active ? "walk.into.to" : "walk.into.from"));
    p.endPoint.setAttribute("aria-pressed", now.picking);
    p.endPoint.classList.toggle("vd-away", !allowPoints());
    p.endYours.disabled = !context.picture();
    for (const b of p.endExamples.children) b.setAttribute("aria-pressed", now.ends[now.active]?.name === b.dataset.name);
  };

  // The picture of an end, from the server where it has none yet; null after a failure, which is said.
  const pictured = async (end) => {
    const { domain } = context.state;
    if (end.kind === "yours") {
      const picture = context.picture();
      return picture ? { ...end, x: picture.base64 } : null;
    }
    const source = end.kind === "file" ? end.source : { kind: "example", name: end.name, domain };
    const answer =
      end.kind === "point"
        ? await context.ask("decode", { domain, kind: end.model, d: 2, beta: 1, z: end.z })
        : await askWith(context.ask, "prepare", source, context.upload, { domain, models: [] });
    if (answer.error) context.say(failure(answer));
    return answer.error ? null : { ...end, x: answer.x ?? answer.x_hat };
  };

  const put = async (k, end, forth = false) => {
    now.turns[k] += 1;
    const turn = now.turns[k];
    if (forth) now.active = 1 - k;
    show();
    const made = await pictured(end);
    if (!made || turn !== now.turns[k]) return;
    context.say("");
    now.ends[k] = made;
    show();
    if (now.ends.every(Boolean)) changed();
  };

  const stop = () => {
    if (now.picking) context.cancelPick?.();
    now.picking = false;
  };
  // Two points, one after the other, as long as the map is asked.
  const pick = async () => {
    stop();
    now.picking = true;
    show();
    for (const k of [now.active, 1 - now.active]) {
      const point = await context.pick(null);
      if (!point) break;
      put(k, { kind: "point", model: point.kind, z: point.z }, true);
    }
    now.picking = false;
    show();
  };

  buttons.forEach((b, k) => {
    b.onclick = () => {
      now.active = k;
      show();
    };
    b.addEventListener("keydown", (e) => {
      if (!["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"].includes(e.key)) return;
      e.preventDefault();
      now.active = 1 - k;
      show();
      buttons[now.active].focus();
    });
  });
  p.endTurn.onclick = () => {
    now.ends.reverse();
    show();
    changed();
  };
  p.endYours.onclick = () => put(now.active, { kind: "yours" }, true);
  p.endUpload.onclick = () => p.endFile.click();
  p.endFile.onchange = () => {
    const [blob] = p.endFile.files;
    p.endFile.value = "";
    if (blob) put(now.active, { kind: "file", source: { kind: "file", blob, path: null } }, true);
  };
  p.endPoint.onclick = () => (now.picking ? (stop(), show()) : pick());

  const fillTray = () => {
    p.endExamples.replaceChildren(
      ...now.examples.map((e) => {
        const button = html(`<button type="button" class="vd-example" data-name="${e.name}" title="${e.name}"><img src="${e.thumb}" alt="${e.name}" width="40" height="40"></button>`);
        button.onclick = () => put(now.active, { kind: "example", name: e.name }, true);
        return button;
      }),
    );
  };

  return {
    show,
    ends: () => now.ends,
    ready: () => now.ends.every(Boolean),
    // Another domain, with these ends, which have no pictures yet.
    start: async (ends) => {
      stop();
      const { domain } = context.state;
      now.turns = now.turns.map((turn) => turn + 1);
      const turns = String(now.turns);
      Object.assign(now, { active: 0, ends: [null, null] });
      const [about, ...made] = await Promise.all([aboutOf(context, domain), ...ends.map((end) => (end ? pictured(end) : null))]);
      if (turns !== String(now.turns) || domain !== context.state.domain) return;
      now.examples = about.examples ?? [];
      now.ends = made;
      fillTray();
      show();
      if (made.every(Boolean)) changed();
    },
    // The picture at hand is another one; points make no sense for this dimension.
    refresh: () => {
      show();
      now.ends.forEach((end, k) => end?.kind === "yours" && end.x !== context.picture()?.base64 && put(k, { kind: "yours" }));
    },
  };
};
