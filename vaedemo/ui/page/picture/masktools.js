// The buttons of a mask: brush, eraser, undo, invert, clear, size, and a mask out of a file, which the server reads.

import { unpack } from "../draw/pixels.js";
import { askWith, request } from "./source.js";
import { failure, number, t } from "../frame/text.js";

// now: the picture at hand {picture, source}; maskFile is put there, the source of a file that lies over it.
export const createMaskTools = (p, pad, { ask, upload, say, now, domain }) => {
  const tool = (name) => {
    pad.tool(name);
    p.brush.setAttribute("aria-pressed", name === "brush");
    p.rubber.setAttribute("aria-pressed", name === "eraser");
  };
  tool("brush");
  p.brush.onclick = () => tool("brush");
  p.rubber.onclick = () => tool("eraser");
  p.maskUndo.onclick = pad.undo;
  p.invert.onclick = pad.invert;
  p.wipe.onclick = pad.clear;
  p.size.addEventListener("input", () => pad.radius(p.size.value / 100));
  p.maskUpload.onclick = () => p.maskFile.click();
  // The server takes a mask the way that its picture went; of one from another tab that way is not known.
  const read = async (blob) => {
    const { picture, source } = now;
    const file = { kind: "file", blob, path: null };
    const sent = source && source.kind !== "shared" ? await request(source, upload) : null;
    const { width, height } = pad.mask();
    const answer = await askWith(ask, "maskfile", file, upload, { domain: domain(), width, height, picture: sent });
    if (now.picture !== picture) return;
    if (answer.error) return say(failure(answer));
    say(answer.note ? t(`restore.mask.${answer.note}`, { share: number(100 * answer.share, 0) }) : "");
    now.maskFile = { upload: file.path };
    pad.set({ width, height, data: unpack(answer.mask) });
  };
  p.maskFile.onchange = () => {
    const [file] = p.maskFile.files;
    p.maskFile.value = "";
    if (file) read(file);
  };
};
