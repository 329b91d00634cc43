// What of a page is cut off, sticks out or overlaps, one line each. Text is measured glyph box by glyph box.
() => {
  const found = new Set();
  const wide = document.documentElement.clientWidth;
  const unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const spoken = ".vd-spoken"; // for screen readers alone
  const rows = "#vd-tabs [role=tablist]"; // scrolls sideways: what lies beyond its edge is not cut
  const own = (e) => e.closest(".vd, #vd-tabs > .tab-wrapper") && !e.closest(`${spoken}, .visually-hidden, .overflow-dropdown`);
  const seen = (e) => own(e) && e.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const name = (e) => `${e.tagName.toLowerCase()} ${e.dataset.part ?? e.getAttribute("class")} "${e.textContent.trim().slice(0, 24)}"`;
  const outside = (a, b, x, y) => a.right > b.right + x || a.left < b.left - x || a.bottom > b.bottom + y || a.top < b.top - y;
  if (document.documentElement.scrollWidth > wide) found.add(`sideways scroll: ${document.documentElement.scrollWidth} > ${wide}`);

  const boxes = [];
  const keep = (e, r) => {
    if (r.width < 1 || r.height < 1) return;
    if (e.closest(rows)) return;
    if (r.right > wide + 1 || r.left < -1) found.add(`off the window: ${name(e)}`);
    const card = e.closest(".vd-card, .vd-help");
    if (card && outside(r, card.getBoundingClientRect(), 1, 1)) found.add(`out of its card: ${name(e)}`);
    // What stands still while the page scrolls lies over it by intent.
    boxes.push({ e, r, still: Boolean(e.closest(".vd-gen-temperature, .vd-gen-chosen, .vd-dims-picture, .vd-gen-rail, .vd-message")) });
  };
  const clipping = (e) => {
    for (let a = e; a && !a.matches(".gradio-container"); a = a.parentElement) {
      const style = getComputedStyle(a);
      if (!a.namespaceURI.endsWith("svg") && (style.overflowX !== "visible" || a.matches("button, .vd-choice > span, td, th"))) return a;
    }
    return null;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [node, e] = [walker.currentNode, walker.currentNode.parentElement];
    if (!node.textContent.trim() || !seen(e) || e.closest("script, style, option")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const by = e.closest(rows) ? null : clipping(e);
    for (const r of range.getClientRects()) {
      if (by && r.width > 1 && outside(r, by.getBoundingClientRect(), 1.5, 4 * unit)) found.add(`cut: ${name(e)}`);
      if (!e.namespaceURI.endsWith("svg")) keep(e, r);
    }
  }
  for (const e of document.querySelectorAll(".vd button, .vd input, .vd .vd-choice, .vd canvas, .vd svg, .vd img, .vd progress"))
    if (seen(e) && !e.matches("input[type=radio], input[type=checkbox]")) {
      const r = e.getBoundingClientRect();
      keep(e, r);
      if (!e.matches("button, input, .vd-choice")) boxes.pop(); // pictures lie over pictures
    }
  boxes.forEach((a, i) => {
    for (const b of boxes.slice(i + 1)) {
      if (a.e.contains(b.e) || b.e.contains(a.e) || a.still || b.still) continue;
      const x = Math.min(a.r.right, b.r.right) - Math.max(a.r.left, b.r.left);
      const y = Math.min(a.r.bottom, b.r.bottom) - Math.max(a.r.top, b.r.top);
      if (x > 2 * unit && y > 4 * unit) found.add(`overlap: ${name(a.e)} and ${name(b.e)}`);
    }
  });
  return [...found];
}
