// The difference of two images as a heat map, computed on a canvas.

/** Pixels of a heat map; larger images are compared at that size. */
const HEAT_PIXELS = 16_000_000;
/** Distances (0 to 255) up to which two pixels count as the same, and from which the hottest colour is used. */
const HEAT_SAME = 8;
const HEAT_MOST = 128;
/** From a small difference to a large one. */
const HEAT_COLOURS = [[59, 34, 115], [135, 36, 129], [203, 62, 94], [244, 125, 50], [250, 193, 64], [252, 253, 191]];

const heatColour = (part) => {
  const place = part * (HEAT_COLOURS.length - 1);
  const index = Math.min(Math.floor(place), HEAT_COLOURS.length - 2);
  const [low, high] = [HEAT_COLOURS[index], HEAT_COLOURS[index + 1]];
  return low.map((value, channel) => value + (high[channel] - value) * (place - index));
};

/** By distance, three bytes each. */
const heatTable = (() => {
  const table = new Uint8Array(256 * 3);
  for (let distance = 0; distance < 256; distance += 1) {
    const part = Math.min(1, Math.max(0, (distance - HEAT_SAME) / (HEAT_MOST - HEAT_SAME)));
    table.set(heatColour(part).map(Math.round), distance * 3);
  }
  return table;
})();

/** The pixels of an image on white, drawn at this size. */
const pixelsOf = (image, width, height) => {
  const canvas = element("canvas", { width, height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  const scale = Math.min(width / image.naturalWidth, height / image.naturalHeight);
  const [wide, high] = [image.naturalWidth * scale, image.naturalHeight * scale];
  context.drawImage(image, (width - wide) / 2, (height - high) / 2, wide, high);
  return context.getImageData(0, 0, width, height);
};

/** Writes the heat map over the pixels after; gives how many pixels differ. The distance weighs channels as
 * the eye does, by how red the pixels are. */
const heatInto = (before, after) => {
  let differing = 0;
  for (let at = 0; at < after.length; at += 4) {
    const red = (before[at] + after[at]) / 2;
    const [r, g, b] = [before[at] - after[at], before[at + 1] - after[at + 1], before[at + 2] - after[at + 2]];
    const square = (2 + red / 256) * r * r + 4 * g * g + (2 + (255 - red) / 256) * b * b;
    const distance = Math.min(255, Math.round(Math.sqrt(square) / 3));
    if (distance <= HEAT_SAME) {
      const grey = 20 + (after[at] * 0.3 + after[at + 1] * 0.6 + after[at + 2] * 0.1) * 0.3;
      after[at] = after[at + 1] = after[at + 2] = grey;
    } else {
      differing += 1;
      for (let channel = 0; channel < 3; channel += 1) after[at + channel] = heatTable[distance * 3 + channel];
    }
  }
  return differing;
};

/** Draws on the canvas; gives the share of the pixels that differ. */
const drawHeat = (canvas, before, after) => {
  const pixels = after.naturalWidth * after.naturalHeight;
  const scale = Math.min(1, Math.sqrt(HEAT_PIXELS / pixels));
  canvas.width = Math.max(1, Math.round(after.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(after.naturalHeight * scale));
  const drawn = pixelsOf(after, canvas.width, canvas.height);
  const differing = heatInto(pixelsOf(before, canvas.width, canvas.height).data, drawn.data);
  canvas.getContext("2d").putImageData(drawn, 0, 0);
  return differing / (canvas.width * canvas.height);
};
