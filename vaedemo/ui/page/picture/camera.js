// The webcam, as square pictures of 320 pixels; where there is none, start() rejects.

export const createCamera = (video) => {
  let stream = null;
  const canvas = Object.assign(document.createElement("canvas"), { width: 320, height: 320 });

  return {
    start: async () => {
      if (!navigator.mediaDevices?.getUserMedia) throw new Error("no camera");
      stream = await navigator.mediaDevices.getUserMedia({ video: { width: 640, height: 480 } });
      video.srcObject = stream;
      await video.play();
    },
    // The middle of the frame, mirrored as a looking-glass is.
    frame: () => {
      const side = Math.min(video.videoWidth, video.videoHeight);
      if (!side) return null;
      const ctx = canvas.getContext("2d");
      ctx.setTransform(-1, 0, 0, 1, canvas.width, 0);
      const [left, top] = [(video.videoWidth - side) / 2, (video.videoHeight - side) / 2];
      ctx.drawImage(video, left, top, side, side, 0, 0, canvas.width, canvas.height);
      return canvas.toDataURL("image/jpeg", 0.9);
    },
    stop: () => {
      for (const track of stream?.getTracks() ?? []) track.stop();
      stream = null;
      video.srcObject = null;
    },
  };
};
