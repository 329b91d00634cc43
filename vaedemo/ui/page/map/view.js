// One map: two canvases, the still one below and the moving one above, and a picture that follows the pointer. While the
// pointer moves nothing is asked of the server: coordinates, decoder, paint.

import { atRest, clamp, newest, onWidth } from "../frame/dom.js";
import { t } from "../frame/text.js";
import { digits, frame, grain, nearest, neighbourDistance, rounded } from "../maths/geometry.js";
import { paint, rgba, unpack } from "../draw/pixels.js";
import { onPointer } from "../draw/pointer.js";
import { Grid } from "./grid.js";
import { Paper, drawChosen, drawCursor, drawLensMark, drawPaths, drawPosterior, drawStill, reachOnScreen } from "./layers.js";

const REST = 150; // ms without a move until the exact picture is asked for
const STEP = 1 / 60; // of the map, by an arrow key; with Shift five times as far

const KEYS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export class MapView {
  // parts: {still, moving, picture} canvases, {a, b} for the coordinates, {mark} for what the picture is. owner:
  //   decode(model, z) -> Promise of {x_hat} or {error}            told(kind, reading): at rest, chosen or left; see read()
  //   chose(kind, [a, b]) -> true where the click meant something else
  constructor(kind, parts, owner) {
    Object.assign(this, { kind, owner, ...parts, side: 0, model: null, look: null, frame: null });
    // at: the point that is shown; chosen: where it comes back to; above: what lies over the map; spot: the pointer, in pixels.
    Object.assign(this, { at: [0, 0], chosen: null, above: {}, spot: [0, 0], hover: false, due: false });
    this.grid = new Grid(() => this.look.view === "grid" && this.paintStill());
    this.listen();
    onWidth(this.moving, (_, pixels) => {
      this.side = pixels;
      this.draw();
    });
  }

  // ---- what is shown -------------------------------------------------------------------------------------------

  // Another model, after which choose() is called, or another look {view, warped, hidden, colours, palette, size, channels}.
  show(model, look) {
    if (model !== this.model) {
      Object.assign(this, { grain: grain(model), neighbours: null, hover: false, above: { path: this.above.path } });
      this.bytes = new Uint8Array(look.channels * look.size ** 2);
    }
    Object.assign(this, { model, look });
    this.draw();
  }

  // What lies over the map: {posterior, own: its decoded mean, path}.
  lay(patch) {
    Object.assign(this.above, patch);
    if (patch.posterior && !this.chosen && !this.hover) this.restore();
    else this.paintMoving();
  }

  choose(point) {
    this.chosen = point && this.model ? point.map((v) => rounded(v, this.grain)) : point;
    this.restore();
  }

  // Back to the point that was chosen, or to the picture at hand's own.
  restore() {
    this.hover = false;
    const home = this.chosen ?? this.above.posterior?.mu ?? this.model?.centre;
    if (!home || !this.frame) return;
    this.at = home;
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

  // The point and what is near it.
  read() {
    const { at, model } = this;
    const { points, labels, centre } = model;
    const near = nearest(points, ...at, 5).map(({ index, distance }) => ({ label: labels[index], distance }));
    this.neighbours ??= neighbourDistance(points, model);
    const prior = Math.hypot(at[0] - centre[0], at[1] - centre[1]);
    return { at, text: this.text, d: model.d, near, hole: near[0]?.distance > this.neighbours, prior };
  }

  // ---- drawing -------------------------------------------------------------------------------------------------

  draw() {
    if (!this.model || !this.side) return;
    this.frame = frame(this.model, this.side, this.look.warped);
    this.paintStill();
    this.paintMoving();
  }

  paintStill() {
    const { still, model, look } = this;
    const job = look.view === "grid" ? this.grid.sheet(model, this.frame, look) : null;
    drawStill(new Paper(still, this.frame, look.palette), model, { ...look, sheet: job?.canvas });
    still.dataset.drawn = `${model.key} ${look.view}${job && !job.done ? " …" : ""}`;
  }

  paintMoving() {
    if (!this.frame) return;
    const { moving, side, chosen } = this;
    const { posterior, path } = this.above;
    const paper = new Paper(moving, this.frame, this.look.palette);
    paper.ctx.clearRect(0, 0, side, side);
    if (path) drawPaths(paper, path);
    if (posterior) drawPosterior(paper, posterior);
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

  follow() {
    this.due = false;
    if (!this.frame || !this.hover) return;
    this.place();
    this.preview();
    this.paintMoving();
    this.rested();
  }

  click() {
    this.place();
    if (this.owner.chose(this.kind, this.at)) return;
    this.chosen = this.at;
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
    else return false;
    return true;
  }

  listen() {
    const { moving } = this;
    const under = (e) => {
      const box = moving.getBoundingClientRect();
      return [e.clientX - box.left, e.clientY - box.top];
    };
    const follow = (e) => {
      if (this.frame) this.move(under(e));
      return Boolean(this.frame);
    };
    const away = () => this.hover && this.restore();
    onPointer(moving, {
      press: follow,
      drag: (_, e) => follow(e),
      lift: (e) => {
        if (!this.frame) return;
        this.spot = under(e);
        this.click();
        if (e.pointerType !== "mouse") this.restore();
      },
      cancel: away,
      hover: follow,
      leave: away,
    });
    moving.addEventListener("blur", away);
    moving.addEventListener("keydown", (e) => this.keyed(e) && e.preventDefault());
  }
}
