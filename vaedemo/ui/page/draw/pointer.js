// One pointer at a time over an element, or over several that share what they change. A drag follows the pointer that began
// it until that one is lifted, cancelled or lost; a second finger, a palm and the other mouse buttons do nothing meanwhile.
// And the keys and places that drawings share.

import { clamp } from "../frame/dom.js";

// [right, down] of an arrow key.
export const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

// Where a pointer is over an element, as [across, down] shares of its box; and in which cell of a grid over it.
export const shareOf = (element, { clientX, clientY }) => {
  const box = element.getBoundingClientRect();
  return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
};
export const cellUnder = (element, columns, rows, e) => {
  const [x, y] = shareOf(element, e);
  return { column: clamp(Math.floor(x * columns), 0, columns - 1), row: clamp(Math.floor(y * rows), 0, rows - 1) };
};

class Pointer {
  // held: {id, type, element} of the pressed pointer, or null.
  constructor(elements, on) {
    Object.assign(this, { on, held: null });
    for (const element of elements) {
      const listen = (event, hear) => element.addEventListener(event, hear);
      listen("pointerdown", (e) => this.press(e, element));
      listen("pointermove", (e) => this.move(e));
      listen("pointerup", (e) => this.mine(e) && this.end(e, on.lift));
      listen("pointercancel", (e) => this.mine(e) && this.cancel(e));
      listen("lostpointercapture", (e) => this.mine(e) && e.target === this.held.element && this.cancel(e));
      listen("pointerleave", (e) => this.leave(e));
    }
  }

  mine(e) {
    return this.held?.id === e.pointerId;
  }

  end(e, how) {
    const { element, id } = this.held;
    this.held = null;
    if (element.hasPointerCapture?.(id)) element.releasePointerCapture(id);
    how?.(e);
  }

  cancel(e) {
    this.end(e, this.on.cancel ?? this.on.lift);
  }

  stop() {
    if (this.held) this.end(null, null);
  }

  // The pressed pointer makes way for a pen, where it was the palm that came down before it; and for a first finger where another
  // is still held: the other one's end was never heard of.
  makeWay(e) {
    const { held, on } = this;
    if (held.type === "touch" && e.pointerType === "pen") this.end(e, on.revoke ?? on.cancel ?? on.lift);
    else if (this.mine(e) || (e.isPrimary && e.pointerType === held.type)) this.cancel(e);
  }

  press(e, element) {
    if (e.button) return;
    if (this.held) this.makeWay(e);
    if (this.held || this.on.press?.(e) === false) return;
    this.held = { id: e.pointerId, type: e.pointerType, element };
    if (!this.on.press) return;
    try {
      element.setPointerCapture(e.pointerId);
    } catch {
      // The pointer is up again already; its end will come all the same.
    }
  }

  move(e) {
    const { on } = this;
    // Released where the page could not hear of it.
    if (this.mine(e) && e.pointerType === "mouse" && !(e.buttons & 1)) this.end(e, on.lift);
    if (this.mine(e) && on.press) {
      const points = e.getCoalescedEvents?.() ?? [];
      on.drag?.(points.length ? points : [e], e);
    } else if (this.mine(e) || (!this.held && e.pointerType !== "touch")) on.hover?.(e); // a finger that is not followed does not hover
  }

  leave(e) {
    if (this.held && !this.mine(e)) return;
    if (this.held && this.on.press) return; // it is captured: the drag goes on outside
    this.held = null;
    this.on.leave?.(e);
  }
}

// on.press(e): a drag begins; false declines it. on.drag(points, e): its pointer moved; points are all the places since.
// on.lift(e): it ended; on.cancel(e): it was taken away, as lift() where there is none; on.revoke(e): it was a palm's, and
// the pen has come, as cancel() where there is none. on.hover(e): a pointer moved without a drag; on.leave(e): it is gone.
// stop() ends a drag without a word.
export const onPointer = (elements, on) => new Pointer([elements].flat(), on);

// Drawings that are read by pointer and keys. on.at(e) -> what lies under a pointer, or null; on.look(that, e), of null also where the
// pointer or the focus has left; on.keyed(e) -> whether it took a key; on.pick(what was clicked).
export const onReading = (elements, on) => {
  const leave = () => on.look(null);
  onPointer(elements, { hover: (e) => on.look(on.at(e), e), leave });
  for (const element of elements) {
    element.addEventListener("blur", leave);
    element.addEventListener("keydown", (e) => on.keyed(e) && e.preventDefault());
    element.addEventListener("click", (e) => {
      const found = on.at(e);
      if (found !== null) on.pick?.(found);
    });
  }
};
