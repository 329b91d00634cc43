// Places for pictures in a card, and the tray they are filled from: examples, a file, the sample that is chosen above,
// the page's picture. One place at a time is the one that is filled.

import { html } from "../frame/dom.js";
import { paint, rgba, unpack } from "../draw/pixels.js";
import { t } from "../frame/text.js";

const UPLOAD = "M10 13V3M6 7l4-4 4 4M3 13v4h14v-4";

export const slotMarkup = (slot) => `
  <button type="button" class="vd-gen-slot" data-slot="${slot}"><b>${slot.toUpperCase()}</b><span class="vd-gen-frame"><canvas
    class="vd-pixels" width="28" height="28"></canvas></span></button>`;

export const trayMarkup = () => `
  <div class="vd-gen-tray" data-tray role="group"><span class="vd-gen-into" data-into></span>
    <div class="vd-gen-examples" data-examples></div>
    <button type="button" class="vd-gen-source" data-from="sample"><canvas class="vd-pixels" width="28" height="28"></canvas><span
      data-t="generate.from.sample"></span></button>
    <button type="button" class="vd-gen-source" data-from="page"><canvas class="vd-pixels" width="28" height="28"></canvas><span
      data-t="generate.from.page"></span></button>
    <button type="button" class="vd-gen-source" data-from="file" data-t-title="upload.why"><svg viewBox="0 0 20 20"
      aria-hidden="true"><path d="${UPLOAD}"/></svg><span data-t="upload.button"></span></button>
    <input type="file" accept="image/*,.tif,.tiff" hidden>
  </div>`;

// row(): the domain's row; sources: {sample(), page()} -> base64 or null; read(blob) -> base64 or null; changed() after a
// picture has come into a place.
export const createSlots = (card, { row, sources, read, changed }) => {
  const tray = card.querySelector("[data-tray]");
  const file = tray.querySelector("input");
  const slots = Object.fromEntries([...card.querySelectorAll("[data-slot]")].map((b) => [b.dataset.slot, b]));
  const own = Object.fromEntries([...tray.querySelectorAll("[data-from]")].map((b) => [b.dataset.from, b]));
  const now = { active: Object.keys(slots)[0], held: {}, examples: [], turn: 0 };

  const bytesOf = (x) => rgba(unpack(x), row().channels);
  const show = () => {
    for (const [name, button] of Object.entries(slots)) {
      const held = now.held[name];
      const what = held ? (held.name ?? t("yours.own")) : t("generate.empty");
      button.setAttribute("aria-pressed", name === now.active);
      button.setAttribute("aria-label", t("generate.slot", { slot: name.toUpperCase(), what }));
      button.title = t("generate.slot.why", { slot: name.toUpperCase() });
      if (held) paint(button.querySelector("canvas"), bytesOf(held.x));
    }
    const active = now.active.toUpperCase();
    tray.setAttribute("aria-label", t("generate.into", { slot: active }));
    tray.querySelector("[data-into]").innerHTML = t("generate.into", { slot: `<b>${active}</b>` });
    for (const b of tray.querySelectorAll("[data-name]")) b.setAttribute("aria-pressed", b.dataset.name === now.held[now.active]?.name);
  };
  const fillTray = () => {
    const shown = tray.querySelector("[data-examples]");
    shown.replaceChildren(
      ...now.examples.map((e) => {
        const button = html(`<button type="button" class="vd-example" data-name="${e.name}" title="${e.name}" aria-label="${e.name}"><canvas
          class="vd-pixels" width="28" height="28"></canvas></button>`);
        paint(button.firstElementChild, bytesOf(e.x));
        button.onclick = () => put(now.active, e);
        return button;
      }),
    );
    for (const name of ["sample", "page"]) {
      const x = sources[name]();
      own[name].disabled = !x;
      if (x) paint(own[name].querySelector("canvas"), bytesOf(x));
    }
  };
  const put = (slot, picture) => {
    now.turn += 1;
    now.held[slot] = picture;
    show();
    changed();
  };
  const take = async (blob, slot = now.active) => {
    now.turn += 1;
    const turn = now.turn;
    const x = await read(blob);
    if (x && turn === now.turn) put(slot, { x, name: null });
  };

  for (const [name, button] of Object.entries(slots))
    button.onclick = () => {
      now.active = name;
      show();
    };
  for (const name of ["sample", "page"])
    own[name].onclick = () => {
      const x = sources[name]();
      if (x) put(now.active, { x, name: null });
    };
  own.file.onclick = () => file.click();
  file.onchange = () => {
    if (file.files[0]) take(file.files[0]);
    file.value = "";
  };
  const under = (e) => e.target.closest?.("[data-slot]")?.dataset.slot ?? now.active;
  card.addEventListener("dragover", (e) => {
    if (![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    for (const [name, button] of Object.entries(slots)) button.classList.toggle("vd-over", name === under(e));
  });
  const calm = () => Object.values(slots).forEach((b) => b.classList.remove("vd-over"));
  card.addEventListener("dragleave", (e) => card.contains(e.relatedTarget) || calm());
  card.addEventListener("drop", (e) => {
    calm();
    const blob = e.dataTransfer?.files[0];
    if (!blob) return;
    e.preventDefault();
    now.active = under(e);
    take(blob);
  });

  return {
    show,
    take,
    // Another domain: its examples [{name, x}], and which of them stand in the places.
    start: (examples, names) => {
      now.turn += 1;
      now.examples = examples;
      now.held = {};
      for (const slot of Object.keys(slots)) {
        const found = examples.find((e) => e.name === names[slot]);
        if (found) now.held[slot] = found;
      }
      fillTray();
      show();
    },
    refresh: () => now.examples.length && fillTray(),
    pictures: () => Object.fromEntries(Object.keys(slots).map((s) => [s, now.held[s]?.x ?? null])),
    names: () => Object.fromEntries(Object.keys(slots).map((s) => [s, now.held[s]?.name ?? null])),
  };
};
