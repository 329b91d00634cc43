// The buttons of a mask: brush, eraser, undo, invert, clear, size, and a mask out of a file.

import { resized } from "./maskmath.js";
import { t } from "./text.js";

const MOST = 1024; // pixels a side of a mask as it is read

// White of a file marks what is missing; null where it is no picture.
const read = async (file) => {
  const image = await createImageBitmap(file);
  const scale = Math.min(1, MOST / Math.max(image.width, image.height));
  const [width, height] = [image.width, image.height].map((side) => Math.max(1, Math.round(side * scale)));
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const ctx = canvas.getContext("2d");
  ctx.imageSmoothingEnabled = false;
  ctx.drawImage(image, 0, 0, width, height);
  const { data } = ctx.getImageData(0, 0, width, height);
  const light = (i) => data[4 * i] + data[4 * i + 1] + data[4 * i + 2];
  return { width, height, data: Uint8Array.from({ length: width * height }, (_, i) => (light(i) > 381 ? 0 : 1)) };
};

export const createMaskTools = (p, pad, say) => {
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
  p.maskFile.onchange = async () => {
    const [file] = p.maskFile.files;
    p.maskFile.value = "";
    try {
      const { width, height } = pad.mask();
      pad.set(resized(await read(file), width, height));
    } catch {
      say(t("restore.mask.unreadable"));
    }
  };
};
