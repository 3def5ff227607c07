// Where an image lies in a pane: scale (CSS pixels for one of the image) and place of its upper left corner.

/** The place that shows the whole image in the middle. */
const fitted = (size, pane) => {
  const scale = Math.min(pane.width / size.width, pane.height / size.height);
  return { scale, x: (pane.width - size.width * scale) / 2, y: (pane.height - size.height * scale) / 2 };
};

/** Held so that the image covers the pane where it is larger, and stays in the middle where it is smaller. */
const held = (place, size, pane) => {
  const along = (at, length, room) => (length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, at)));
  return {
    scale: place.scale,
    x: along(place.x, size.width * place.scale, pane.width),
    y: along(place.y, size.height * place.scale, pane.height),
  };
};

/** Another scale with the same pixel of the image under the point. */
const scaledAt = (place, scale, point) => ({
  scale,
  x: point.x - ((point.x - place.x) * scale) / place.scale,
  y: point.y - ((point.y - place.y) * scale) / place.scale,
});

const middleOf = (pane) => ({ x: pane.width / 2, y: pane.height / 2 });

/** One pixel of the image on one of the screen; larger where the whole image is shown larger than that. */
const pixelScale = (fit) => (fit < 0.9 / devicePixelRatio ? 1 / devicePixelRatio : fit * 4);

/** The limits of zooming. */
const heldScale = (scale, fit) => Math.min(Math.max(scale, fit), Math.max(fit, 1) * 16);
