// The map of a moment: decoded pictures, and the codes of the pictures over them.

import { unpack } from "../../page/draw/pixels.js";
import { classColour, paletteOf } from "../../page/map/layers.js";
import { coordinates } from "./record.js";

export const SIDE = 560; // of the canvas

export const uri = (base64) => `data:image/png;base64,${base64}`;

// A drawing of a moment, view: "both", "points" or "pictures"; labels: a class a point, or null; colours: of the classes.
export const mapOf = (moment, { view, labels, colours, root }) => {
  return async (canvas) => {
    const { turn } = canvas;
    const image = new Image();
    image.src = uri(moment.map);
    await image.decode();
    if (canvas.turn !== turn) return;
    const palette = paletteOf(root);
    if (canvas.width !== SIDE) canvas.width = canvas.height = SIDE;
    const ctx = canvas.getContext("2d");
    ctx.imageSmoothingEnabled = false;
    ctx.globalAlpha = 1;
    ctx.fillStyle = palette.card;
    ctx.fillRect(0, 0, SIDE, SIDE);
    if (view !== "points") {
      ctx.globalAlpha = view === "both" ? 0.4 : 1;
      ctx.drawImage(image, 0, 0, SIDE, SIDE);
    }
    if (view !== "pictures") {
      ctx.globalAlpha = 0.85;
      coordinates(unpack(moment.codes)).forEach(([a, b], i) => {
        ctx.fillStyle = labels ? classColour(colours[labels[i] % colours.length], palette) : palette.mu;
        ctx.beginPath();
        ctx.arc(((a + 1) / 2) * SIDE, ((1 - b) / 2) * SIDE, 3, 0, 2 * Math.PI);
        ctx.fill();
      });
    }
    canvas.dataset.shown = String(moment.step);
  };
};
