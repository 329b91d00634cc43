// One pointer at a time over an element, or over several that share what they change. A drag follows the pointer that began
// it until that one is lifted, cancelled or lost; a second finger, a palm and the other mouse buttons do nothing meanwhile.

// on.press(e): a drag begins; false declines it. on.drag(points, e): its pointer moved; points are all the places since.
// on.lift(e): it ended; on.cancel(e): it was taken away, as lift() where there is none; on.revoke(e): it was a palm's, and
// the pen has come, as cancel() where there is none. on.hover(e): a pointer moved without a drag; on.leave(e): it is gone.
// stop() ends a drag without a word.
export const onPointer = (elements, on) => {
  let held = null; // {id, type, element} of the pressed pointer
  const all = [elements].flat();
  const mine = (e) => held !== null && e.pointerId === held.id;

  const end = (e, how) => {
    const { element, id } = held;
    held = null;
    if (element.hasPointerCapture?.(id)) element.releasePointerCapture(id);
    how?.(e);
  };
  const cancelled = (e) => end(e, on.cancel ?? on.lift);

  // Whether the pressed pointer makes way. A pen takes the place of the palm that came down before it; and a first finger
  // where another is still held means that the other one's end was never heard of.
  const yields = (e) => {
    const palm = held.type === "touch" && e.pointerType === "pen";
    if (palm) end(e, on.revoke ?? on.cancel ?? on.lift);
    else if (mine(e) || (e.isPrimary && e.pointerType === held.type)) cancelled(e);
    return held === null;
  };

  const press = (element) => (e) => {
    if (e.button) return;
    if (held !== null && !yields(e)) return;
    if (on.press?.(e) === false) return;
    held = { id: e.pointerId, type: e.pointerType, element };
    if (!on.press) return;
    try {
      element.setPointerCapture(e.pointerId);
    } catch {
      // The pointer is up again already; its end will come all the same.
    }
  };
  const move = (e) => {
    // Released where the page could not hear of it.
    if (mine(e) && e.pointerType === "mouse" && !(e.buttons & 1)) end(e, on.lift);
    if (mine(e) && on.press) {
      const points = e.getCoalescedEvents?.() ?? [];
      return on.drag?.(points.length ? points : [e], e);
    }
    // A finger that is not followed does not hover.
    if (mine(e) || (held === null && e.pointerType !== "touch")) on.hover?.(e);
    return null;
  };
  const leave = (e) => {
    if (held !== null && !mine(e)) return;
    if (held !== null && on.press) return; // it is captured: the drag goes on outside
    held = null;
    on.leave?.(e);
  };

  for (const element of all) {
    element.addEventListener("pointerdown", press(element));
    element.addEventListener("pointermove", move);
    element.addEventListener("pointerup", (e) => mine(e) && end(e, on.lift));
    element.addEventListener("pointercancel", (e) => mine(e) && cancelled(e));
    element.addEventListener("lostpointercapture", (e) => mine(e) && e.target === held.element && cancelled(e));
    element.addEventListener("pointerleave", leave);
  }
  return { stop: () => held !== null && end(null, null) };
};
