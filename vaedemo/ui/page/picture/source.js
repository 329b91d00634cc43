// Where a picture comes from: a file chosen, dropped or pasted, a drawing, the webcam. Each is a source:
//   {kind: "example", domain, name}   {kind: "file", blob, path}   {kind: "data", data, word}   {kind: "word", bytes}
// changed(source, live) is called with each new one; live is true while a stroke or the camera goes on.

import { createCamera } from "./camera.js";
import { createPad } from "./pad.js";
import { t } from "../frame/text.js";

const MOST_BYTES = 25_000_000; // as pictures.py has it

// What the server is asked with, the file sent first if it is not there yet.
export const request = async (source, upload) => {
  if (source.kind === "example") return { example: source.name, domain: source.domain };
  if (source.kind === "data") return { data: source.data };
  if (!source.path) {
    if (source.blob.size > MOST_BYTES) throw new Error("large");
    // The name is of no use to the server, and may be odd.
    const sent = await upload(new File([source.blob], "picture", { type: source.blob.type }));
    source.path = sent.path;
  }
  return { upload: source.path };
};

// ask(name, {...body, source}) with the source sent first; once more where the server has dropped the file meanwhile. The
// answer, or {error} with the page's own sentence.
export const askWith = async (ask, name, source, upload, body) => {
  try {
    const sent = async () => ({ ...body, source: await request(source, upload) });
    const answer = await ask(name, await sent());
    if (!answer.error?.includes("no longer here") || !source.path) return answer;
    source.path = null;
    return await ask(name, await sent());
  } catch (error) {
    return { error: t(error.message === "large" || /413|maximum/.test(error.message) ? "error.large" : "error.upload", { mb: MOST_BYTES / 1e6 }), own: true };
  }
};

const fileOf = (files) => [...(files ?? [])].find((f) => f.type.startsWith("image/") || !f.type);

// Files that are dropped or pasted anywhere on the page while visible(); over(true) while one is held above it.
export const onFiles = (visible, take, over = () => {}) => {
  const taken = (e, file) => {
    if (!file || !visible() || e.defaultPrevented) return;
    e.preventDefault();
    take(file);
  };
  document.addEventListener("paste", (e) => taken(e, fileOf(e.clipboardData?.files)));
  document.addEventListener("dragover", (e) => {
    if (!visible() || ![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    over(true);
  });
  document.addEventListener("dragleave", (e) => e.relatedTarget || (visible() && over(false)));
  document.addEventListener("drop", (e) => {
    if (!visible()) return;
    over(false);
    taken(e, e.dataTransfer?.files[0]);
  });
};

export const createSources = (p, changed, failed) => {
  const live = { mode: "picture", waiting: false };

  const show = (mode) => {
    if (live.mode === "camera" && mode !== "camera") camera.stop();
    live.mode = mode;
    p.original.hidden = p.yoursHint.hidden = mode !== "picture";
    p.pad.hidden = p.padTools.hidden = mode !== "draw";
    p.video.hidden = p.cameraTools.hidden = mode !== "camera";
    p.draw.setAttribute("aria-pressed", mode === "draw");
    p.camera.setAttribute("aria-pressed", mode === "camera");
  };

  const takeFile = (blob) => {
    if (!blob) return;
    show("picture");
    changed({ kind: "file", blob, path: null }, false);
  };

  const pad = createPad(p.pad, (data, empty) => changed({ kind: "data", data, drawn: !empty }, true));
  const camera = createCamera(p.video);

  p.upload.onclick = () => p.file.click();
  p.file.onchange = () => {
    takeFile(p.file.files[0]);
    p.file.value = "";
  };
  p.draw.onclick = () => {
    if (live.mode === "draw") return show("picture");
    show("draw");
    p.pad.focus({ preventScroll: true });
    return null;
  };
  const choose = (tool) => {
    pad.choose(tool);
    p.pen.setAttribute("aria-pressed", tool === "pen");
    p.eraser.setAttribute("aria-pressed", tool === "eraser");
  };
  p.pen.onclick = () => choose("pen");
  p.eraser.onclick = () => choose("eraser");
  p.undo.onclick = pad.undo;
  p.clear.onclick = pad.clear;
  p.pad.addEventListener("keydown", (e) => {
    if ((e.ctrlKey || e.metaKey) && e.key === "z") pad.undo();
    else if (e.key === "Delete") pad.clear();
    else return;
    e.preventDefault();
  });

  const nextFrame = () => {
    if (live.mode !== "camera") return;
    const data = camera.frame();
    if (data) changed({ kind: "data", data }, true);
    else setTimeout(nextFrame, 50);
  };
  p.camera.onclick = async () => {
    if (live.mode === "camera") return show("picture");
    try {
      await camera.start();
      show("camera");
      nextFrame();
    } catch {
      camera.stop();
      failed("camera.none");
    }
    return null;
  };
  p.freeze.onclick = () => show("picture");

  // Files may be dropped or pasted anywhere on the page while this tab is in sight.
  const visible = () => p.upload.offsetParent !== null;
  const frame = p.yoursFrame;
  document.addEventListener("paste", (e) => {
    const file = [...(e.clipboardData?.files ?? [])].find((f) => f.type.startsWith("image/") || !f.type);
    if (!file || !visible()) return;
    e.preventDefault();
    takeFile(file);
  });
  document.addEventListener("dragover", (e) => {
    if (!visible() || ![...(e.dataTransfer?.types ?? [])].includes("Files")) return;
    e.preventDefault();
    frame.classList.add("vd-over");
  });
  document.addEventListener("dragleave", (e) => e.relatedTarget || frame.classList.remove("vd-over"));
  document.addEventListener("drop", (e) => {
    frame.classList.remove("vd-over");
    const file = e.dataTransfer?.files[0];
    if (!file || !visible()) return;
    e.preventDefault();
    takeFile(file);
  });

  return {
    // An answer has been drawn: the camera may send its next frame.
    drawn: () => {
      if (live.mode === "camera") setTimeout(nextFrame, 30);
    },
    showPicture: () => show("picture"),
    mode: () => live.mode,
  };
};
