// Markup that several tabs share; words come from text/ by their data-t keys.

export const panel = (name, inside, extra = "") => `
  <figure class="vd-panel vd-panel-${name}">
    <figcaption><b data-t="${name}.title"></b><span data-part="${name}Note" class="vd-note"></span></figcaption>
    <div class="vd-picture" data-part="${name}Frame">${inside}</div>
    <div class="vd-under" data-part="${name}Under">${extra}</div>
  </figure>`;

export const message = `
<div class="vd-message" data-part="message" role="alert" hidden><span data-part="messageText"></span><button
  type="button" data-part="dismiss" data-t-label="dismiss.label"></button></div>`;

export const button = (name, icon) => `
  <button type="button" class="vd-button" data-part="${name}" data-t-title="${name}.why"><svg viewBox="0 0 20 20"
    aria-hidden="true"><path d="${icon}"/></svg><span data-t="${name}.button"></span></button>`;

export const ICONS = {
  upload: "M10 13V3M6 7l4-4 4 4M3 13v4h14v-4",
  draw: "M3 17l1-4L14 3l3 3L7 16z",
  camera: "M2 6h4l1-2h6l1 2h4v10H2zM10 8a3 3 0 1 0 .01 0",
  saveImage: "M10 3v10M6 9l4 4 4-4M3 17h14",
  saveFigures: "M7 3C4 3 6 9 3 10c3 1 1 7 4 7M13 3c3 0 1 6 4 7-3 1-1 7-4 7",
  copyLink: "M8 12l4-4M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2",
};

// Where a picture comes from: itself, a drawing board or the webcam.
export const yoursPanel = () =>
  panel(
        "yours",
        `<img data-part="original" alt=""><canvas data-part="pad" class="vd-pad" width="280" height="280" role="img"
          tabindex="0" data-t-label="pad.label" hidden></canvas><video data-part="video" playsinline muted hidden></video>
        <div class="vd-drop" data-t="drop.here"></div>`,
        `<span data-part="yoursHint" data-t="yours.hint"></span>
        <div class="vd-padtools" data-part="padTools" hidden>
          <button type="button" class="vd-small" data-part="pen" data-t="pen.button" aria-pressed="true"></button>
          <button type="button" class="vd-small" data-part="eraser" data-t="eraser.button" aria-pressed="false"></button>
          <button type="button" class="vd-small" data-part="undo" data-t="undo.button"></button>
          <button type="button" class="vd-small" data-part="clear" data-t="clear.button"></button>
        </div>
        <div class="vd-padtools" data-part="cameraTools" hidden>
          <button type="button" class="vd-small" data-part="freeze" data-t="freeze.button"></button>
        </div>`,
      );

// The buttons beside it, and the examples.
export const sources = `
<div class="vd-sources">
  ${button("upload", ICONS.upload)}${button("draw", ICONS.draw)}${button("camera", ICONS.camera)}
  <input type="file" data-part="file" accept="image/*,.tif,.tiff" hidden>
  </div>
  <div class="vd-examples" data-part="examples" role="group" data-t-label="examples.label"></div>`;
