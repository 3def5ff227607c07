// The image before and after: with a slider, one at a time, side by side, as a heat map; all zoomed and moved as one.

/** Steps of the slider by key, of zooming, and of moving, in CSS pixels. */
const SLIDE_STEP = 5;
const ZOOM_STEP = 1.5;
const MOVE_STEP = 80;

const createStage = (t, tools) => {
  const before = element("img", { class: "rv-image", draggable: "false", alt: "" });
  const after = element("img", { class: "rv-image", draggable: "false", alt: "" });
  const heat = element("canvas", { class: "rv-image", hidden: true, "aria-hidden": "true" });
  const paneBefore = element("div", { class: "rv-pane rv-before" }, before);
  const paneAfter = element("div", { class: "rv-pane rv-after" }, after, heat);
  const line = element("div", { class: "rv-line", "aria-hidden": "true" });
  const nameBefore = element("span", { class: "rv-caption rv-caption-before", text: t("before") });
  const nameAfter = element("span", { class: "rv-caption rv-caption-after" });
  const stage = element(
    "div",
    { class: "rv-stage rv-empty", tabindex: "0", role: "group", "aria-label": t("stage") },
    paneBefore, paneAfter, line, nameBefore, nameAfter,
  );
  // solo: "" for both, or the one that is seen. place: null while the whole image is shown.
  const view = { at: 50, solo: "", side: false, heat: false, place: null, size: null, shown: 0 };

  const pane = () => {
    const box = paneAfter.getBoundingClientRect();
    return { width: box.width, height: box.height };
  };
  const fit = () => fitted(view.size, pane());
  const place = () => view.place || fit();
  const isPair = () => !view.side && !view.solo && !view.heat && Boolean(before.src && after.src);

  const drawCaptions = (edge, here) => {
    const right = Math.min(pane().width, here.x + view.size.width * here.scale);
    nameBefore.hidden = view.heat && !view.side ? true : isPair() ? edge < Math.max(0, here.x) + 8 : view.solo === "after" && !view.side;
    nameAfter.hidden = isPair() ? edge > right - 8 : view.solo === "before" && !view.side && !view.heat;
    nameAfter.textContent = view.heat ? t("heat_share", { share: t.number(view.share * 100, 1) }) : t("after");
  };

  const draw = () => {
    if (!view.size) return;
    const here = place();
    for (const layer of [before, after, heat]) {
      layer.style.width = `${view.size.width}px`;
      layer.style.height = `${view.size.height}px`;
      layer.style.transform = `translate(${here.x}px, ${here.y}px) scale(${here.scale})`;
      layer.classList.toggle("rv-pixels", here.scale * devicePixelRatio >= 2 && view.place !== null);
    }
    const edge = here.x + (view.size.width * here.scale * view.at) / 100;
    stage.classList.toggle("rv-side", view.side);
    stage.classList.toggle("rv-zoomed", view.place !== null);
    paneAfter.style.clipPath = isPair() ? `inset(0 0 0 ${Math.max(0, edge)}px)` : "";
    paneBefore.hidden = !view.side && (view.heat || view.solo === "after");
    paneAfter.hidden = !view.side && !view.heat && view.solo === "before";
    line.hidden = !isPair();
    line.style.left = `${edge}px`;
    heat.hidden = !view.heat;
    drawCaptions(edge, here);
    tools.told(view, here.scale * devicePixelRatio);
  };

  const zoomTo = (scale, point) => {
    if (!view.size) return;
    const whole = fit();
    const wanted = heldScale(scale, whole.scale);
    const moved = scaledAt(place(), wanted, point || middleOf(pane()));
    view.place = wanted <= whole.scale * 1.001 ? null : held(moved, view.size, pane());
    draw();
  };

  const api = {
    root: stage,
    slide(percent) {
      Object.assign(view, { at: Math.min(100, Math.max(0, percent)), solo: "", side: false });
      if (view.heat) api.heat();
      draw();
    },
    slideBy: (steps) => api.slide(view.at + steps * SLIDE_STEP),
    /** The other image; both again after `whole()`. */
    flicker() {
      Object.assign(view, { solo: view.solo === "before" ? "after" : "before", side: false, heat: false });
      draw();
    },
    side() {
      Object.assign(view, { side: !view.side, solo: "", place: null });
      draw();
    },
    heat() {
      view.heat = !view.heat && Boolean(view.size && before.complete && before.naturalWidth && after.naturalWidth);
      if (view.heat && heat.dataset.of !== String(view.shown)) {
        view.share = drawHeat(heat, before, after);
        heat.dataset.of = view.shown;
      }
      draw();
    },
    zoom(point) {
      if (view.place) view.place = null;
      else if (view.size) return zoomTo(pixelScale(fit().scale), point);
      draw();
    },
    zoomBy: (steps, point) => zoomTo(place().scale * ZOOM_STEP ** steps, point),
    moveBy(x, y) {
      const here = place();
      if (view.place) view.place = held({ ...here, x: here.x + x, y: here.y + y }, view.size, pane());
      draw();
    },
    /** Back to the slider and the whole image; false where that was shown already. */
    whole() {
      const was = view.place || view.solo || view.heat || view.side;
      Object.assign(view, { place: null, solo: "", heat: false, side: false });
      draw();
      return Boolean(was);
    },
    /** Another pair; zoom, place and slider stay, so that pairs can be gone through at one spot. */
    async show(item) {
      view.shown += 1;
      const turn = view.shown;
      const again = view.heat;
      Object.assign(view, { heat: false, solo: "" });
      stage.setAttribute("aria-busy", "true");
      const [first, second] = await Promise.allSettled([item.before, item.after].map(loaded));
      if (turn !== view.shown) return;
      const found = [second, first].find((each) => each.status === "fulfilled")?.value;
      for (const [layer, each, name] of [[before, first, "before"], [after, second, "after"]]) {
        layer.hidden = each.status !== "fulfilled";
        layer.alt = `${t(name)}: ${item.row_id || item.line}`;
        if (each.status === "fulfilled") layer.src = each.value.src;
        else layer.removeAttribute("src");
      }
      await Promise.allSettled([before, after].filter((layer) => layer.src).map((layer) => layer.decode()));
      if (turn !== view.shown) return;
      const size = found && { width: found.naturalWidth, height: found.naturalHeight };
      if (!size || size.width !== view.size?.width || size.height !== view.size?.height) view.place = null;
      view.size = size || null;
      stage.classList.toggle("rv-empty", !size);
      stage.removeAttribute("aria-busy");
      if (again) api.heat();
      draw();
    },
    isZoomed: () => view.place !== null,
    at: () => view.at,
  };
  followPointers(stage, api, () => paneAfter.getBoundingClientRect(), () => ({ ...place(), ...view.size }));
  new ResizeObserver(() => {
    if (view.size && view.place) view.place = held(view.place, view.size, pane());
    draw();
  }).observe(stage);
  return api;
};
