// Drawing of "Denoise" and "Inpaint": bytes or pictures onto canvases, and heat maps. No state.

import { LIMIT, colours, errors, paint, rgba, unpack } from "../../page/draw/pixels.js";

export const paintBytes = (canvas, bytes, channels) => {
  canvas.classList.add("vd-pixels");
  paint(canvas, rgba(bytes, channels));
};

// A picture from a data URI at its own size; resolves when it is drawn.
export const paintUri = async (canvas, uri) => {
  const image = new Image();
  image.src = uri;
  await image.decode();
  canvas.classList.toggle("vd-pixels", Math.max(image.width, image.height) <= 128);
  if (canvas.width !== image.width || canvas.height !== image.height) Object.assign(canvas, { width: image.width, height: image.height });
  canvas.getContext("2d").drawImage(image, 0, 0);
};

// Bytes of a heat map, 255 where its scale ends, in the colours of every error map.
export const heat = (bytes) =>
  colours(
    Float32Array.from(bytes, (v) => (v / 255) * LIMIT),
    "absolute",
  );

export const paintHeat = (canvas, base64) => {
  canvas.classList.add("vd-pixels");
  paint(canvas, heat(unpack(base64)));
};

export const paintHeatUri = async (canvas, uri) => {
  await paintUri(canvas, uri);
  const ctx = canvas.getContext("2d");
  const image = ctx.getImageData(0, 0, canvas.width, canvas.height);
  image.data.set(heat(image.data.filter((_, i) => i % 4 === 0)));
  ctx.putImageData(image, 0, 0);
};

// |x - x_hat|, or x_hat - x with its sign.
export const paintError = (canvas, x, xHat, channels, mode) => {
  canvas.classList.add("vd-pixels");
  paint(canvas, colours(errors(x, xHat, channels, mode), mode));
};

export const blank = (canvas) => canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
