// One map: two canvases, the still one below and the moving one above, and a picture that follows the pointer. While the
// pointer moves nothing is asked of the server: coordinates, decoder, paint.

import { atRest, clamp, newest, onWidth } from "../frame/dom.js";
import { t } from "../frame/text.js";
import { digits, frame, grain, nearest, neighbourDistance, rounded } from "../maths/geometry.js";
import { central, clearance, holes, inside } from "../maths/holes.js";
import { joined, moved, zoomed } from "../maths/piece.js";
import { paint, rgba, unpack } from "../draw/pixels.js";
import { listen } from "./gestures.js";
import { Grid } from "./grid.js";
import {
  Paper,
  drawChosen,
  drawCursor,
  drawLensMark,
  drawNeighbours,
  drawPaths,
  drawPosterior,
  drawSampling,
  drawStill,
  reachOnScreen,
} from "./layers.js";

const REST = 150; // ms without a move until the exact picture is asked for
const STEP = 1 / 60; // of the map, by an arrow key; with Shift five times as far

const NEAR = 0.4; // of the map, each way: under a pointer in this corner a pinned picture makes way
const ZOOM = 1.5; // by a key or a button

const KEYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export { ZOOM };

export class MapView {
  // parts: {still, moving, picture} canvases, {a, b} for the coordinates, {mark} for what the picture is. owner:
  //   decode(model, z) -> Promise of {x_hat} or {error}            told(kind, reading): at rest, chosen or left; see read()
  //   chose(kind, [a, b]) -> true where the click meant something else
  //   framed(kind, box): another piece of the plane is in sight; null: the one it starts with
  constructor(kind, parts, owner) {
    Object.assign(this, { kind, owner, ...parts, side: 0, model: null, look: null, frame: null });
    // at: the point that is shown; chosen: where it comes back to; above: what lies over the map; spot: the pointer, in pixels.
    Object.assign(this, { at: [0, 0], chosen: null, above: {}, spot: [0, 0], hover: false, due: false });
    this.grid = new Grid(() => this.look.view === "grid" && this.paintStill());
    listen(this);
    onWidth(this.moving, (_, pixels) => {
      this.side = pixels;
      this.draw();
    });
  }

  // ---- what is shown -------------------------------------------------------------------------------------------

  // Another model, after which choose() is called, or another look {view, warped, hidden, colours, palette, size, channels, box}.
  show(model, look) {
    if (model !== this.model) {
      // The codes of an AE reach far: its map starts with the central ones. A VAE's shows the prior.
      const home = this.kind === "ae" ? zoomed(central(model.points), null, 1.04) : model;
      const limit = zoomed(joined(home, model), null, 1);
      Object.assign(this, { home, limit, neighbours: null, found: null, hover: false, above: { path: this.above.path } });
      this.bytes = new Uint8Array(look.channels * look.size ** 2);
    }
    Object.assign(this, { model, look });
    this.draw();
  }

  // The piece of the plane in sight, {low, high}.
  get box() {
    return this.look.box ?? this.home;
  }

  get grain() {
    return grain(this.box);
  }

  // Another piece of the plane; false where it is the same.
  see(box) {
    if (this.look.warped || (box && String(box.low) === String(this.box.low) && String(box.high) === String(this.box.high))) return false;
    this.look.box = box;
    this.owner.framed(this.kind, box);
    this.due ||= requestAnimationFrame(() => this.follow());
    this.again = true;
    return true;
  }

  // Nearer by a factor below 1, about a place in pixels, or the point that is shown.
  zoom(factor, [x, y] = [this.frame.x(this.at[0]), this.frame.y(this.at[1])]) {
    const inSight = x >= 0 && y >= 0 && x <= this.side && y <= this.side;
    const about = inSight ? [this.frame.a(x), this.frame.b(y)] : null;
    return this.see(zoomed(this.box, this.limit, factor, about));
  }

  // Moved by so many pixels.
  pan(dx, dy) {
    const across = (this.box.high[0] - this.box.low[0]) / this.side;
    return this.see(moved(this.box, this.limit, [-dx * across, dy * across]));
  }

  // Whether there is more of the map than is in sight.
  get partly() {
    return !this.look.warped && this.box.high[0] - this.box.low[0] < 0.999 * (this.limit.high[0] - this.limit.low[0]);
  }

  // A point out of sight brings all of the map into it.
  reveal([a, b]) {
    const { low, high } = this.box;
    if (!this.look.warped && (a < low[0] || b < low[1] || a > high[0] || b > high[1])) this.see(this.limit);
  }

  // The next place between two clusters that no code is near, widest first: {at, between}; null where there is none.
  nextHole() {
    const { labels, points } = this.model;
    if (!this.found) {
      const piece = central(points);
      this.found = { list: holes({ labels, points }, piece, this.wide), next: 0 };
    }
    const { list, next } = this.found;
    if (!list.length) return null;
    this.found.next = (next + 1) % list.length;
    return list[next];
  }

  // No code within this distance: a hole. 99 % of the central codes have a neighbour within it.
  get wide() {
    this.neighbours ??= this.measure();
    return this.neighbours;
  }

  measure() {
    const piece = central(this.model.points);
    return neighbourDistance(inside(this.model.points, piece), piece);
  }

  // What lies over the map: {posterior, own: its decoded mean, path}.
  lay(patch) {
    Object.assign(this.above, patch);
    if (patch.posterior && !this.chosen && !this.hover) this.restore();
    else this.paintMoving();
  }

  choose(point) {
    this.chosen = point;
    this.restore();
  }

  // Back to the point that was chosen, or to the picture at hand's own.
  restore() {
    this.hover = false;
    const home = this.chosen ?? this.above.posterior?.mu ?? this.model?.centre;
    if (!home || !this.frame) return;
    this.at = home;
    this.reveal(home);
    this.marked();
    if (!this.chosen && this.above.own) this.put(this.above.own, "exact", "own");
    else this.preview();
    this.paintMoving();
    this.owner.told(this.kind, this.read());
    if (this.chosen) this.exact(home);
  }

  // ---- pictures ------------------------------------------------------------------------------------------------

  put(bytes, shown, at = null) {
    const { picture } = this;
    paint(picture, rgba(bytes, this.look.channels));
    if (at) picture.dataset.at = at;
    picture.dataset.shown = shown;
    this.say();
  }

  preview() {
    this.put(this.model.decode(this.model.lift(...this.at), this.bytes), "preview");
  }

  exact = newest(async (at) => {
    const { model, owner } = this;
    const answer = await owner.decode(model, model.lift(...at));
    if (answer.error || model !== this.model || String(at) !== String(this.at)) return; // it comes late
    this.put(unpack(answer.x_hat), "exact", String(at));
    owner.told(this.kind, this.read());
  });

  settle() {
    this.owner.told(this.kind, this.read());
    if (this.picture.dataset.shown !== "exact") this.exact(this.at);
  }

  rested = atRest(REST, () => this.hover && this.settle());

  // ---- words ---------------------------------------------------------------------------------------------------

  get text() {
    return this.at.map((v) => v.toFixed(digits(this.grain)).replace("-", "−"));
  }

  // In every frame of a move, and in another language.
  say() {
    const { a, b, mark } = this;
    const { shown } = this.picture.dataset;
    const words = shown ? t(`latent.${shown}`) : "";
    if (shown) [a.textContent, b.textContent] = this.text;
    if (mark.textContent === words) return;
    mark.textContent = words;
    mark.dataset.mark = shown;
  }

  // Whether no code is near the point that is shown; of a plane it cannot be told.
  get hole() {
    return this.model.d === 2 && clearance(this.model.points, ...this.at) > this.wide;
  }

  // On the frame of the picture: whether it was decoded in a hole, and the corner that is free, where it is pinned to the map.
  marked() {
    const { dataset } = this.picture.parentElement;
    dataset.hole = this.hole;
    const [x, y] = [this.frame.x(this.at[0]) / this.side, this.frame.y(this.at[1]) / this.side];
    dataset.corner = x > 1 - NEAR && y < NEAR ? "left" : "right";
  }

  // The point and what is near it.
  read() {
    const { at, hole, model } = this;
    const { points, labels, centre } = model;
    const near = nearest(points, ...at, 5).map(({ index, distance }) => ({ label: labels[index], distance }));
    const prior = Math.hypot(at[0] - centre[0], at[1] - centre[1]);
    return { at, text: this.text, d: model.d, near, hole, prior };
  }

  // ---- drawing -------------------------------------------------------------------------------------------------

  draw() {
    if (!this.model || !this.side) return;
    this.frame = frame(this.box, this.side, this.look.warped);
    this.paintStill();
    this.paintMoving();
  }

  paintStill() {
    const { still, model, look } = this;
    const job = look.view === "grid" ? this.grid.sheet(model, this.frame, look) : null;
    drawStill(new Paper(still, this.frame, look.palette), model, { ...look, sheet: job?.canvas });
    still.dataset.sight = `${this.box.low} ${this.box.high}`;
    still.dataset.drawn = `${model.key} ${look.view}${job && !job.done ? " …" : ""}`;
  }

  paintMoving() {
    if (!this.frame) return;
    const { moving, side, chosen } = this;
    const { posterior, path } = this.above;
    const paper = new Paper(moving, this.frame, this.look.palette);
    paper.ctx.clearRect(0, 0, side, side);
    if (path) drawPaths(paper, path);
    if (posterior?.near) drawNeighbours(paper, posterior.near);
    if (posterior) drawPosterior(paper, posterior);
    if (posterior?.axes) drawSampling(paper, posterior);
    if (posterior?.reach) drawLensMark(paper, posterior);
    if (chosen) drawChosen(paper, chosen);
    if (this.hover) drawCursor(paper, this.at);
    if (posterior?.axes) moving.dataset.ellipse = reachOnScreen(posterior, this.frame);
    else delete moving.dataset.ellipse;
  }

  // ---- the pointer ---------------------------------------------------------------------------------------------

  place() {
    const [x, y] = this.spot.map((v) => clamp(v, 0, this.side));
    this.at = [this.frame.a(x), this.frame.b(y)].map((v) => rounded(v, this.grain));
  }

  move(spot) {
    Object.assign(this, { spot, hover: true });
    if (this.due) return;
    this.due = true;
    requestAnimationFrame(() => this.follow());
  }

  // Once a frame: the map, where another piece of it is in sight, and the picture under the pointer.
  follow() {
    const { again } = this;
    Object.assign(this, { due: false, again: false });
    if (!this.frame) return;
    if (again) this.draw();
    if (!this.hover) return;
    this.place();
    this.marked();
    this.preview();
    this.paintMoving();
    this.rested();
  }

  click() {
    this.place();
    if (this.owner.chose(this.kind, this.at)) return;
    this.chosen = this.at;
    this.marked();
    this.preview();
    this.paintMoving();
    this.settle();
  }

  keyed(e) {
    const { at, hover, side } = this;
    const step = KEYS[e.key];
    const from = hover ? this.spot : this.frame && [this.frame.x(at[0]), this.frame.y(at[1])];
    if (!from) return false;
    const far = side * STEP * (e.shiftKey ? 5 : 1);
    if (step) this.move(from.map((v, i) => clamp(v + far * step[i], 0, side)));
    else if (e.key === "Enter" || e.key === " ") {
      this.spot = from;
      this.click();
    } else if (e.key === "Escape" && hover) this.restore();
    else if (e.key === "+" || e.key === "=") this.zoom(1 / ZOOM);
    else if (e.key === "-") this.zoom(ZOOM);
    else if (e.key === "0") this.see(null);
    else return false;
    return true;
  }
}
