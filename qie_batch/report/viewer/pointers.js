// Mouse and fingers on the stage: one moves the slider, or the image where it is zoomed; two zoom.

const followPointers = (stage, view, box, place) => {
  const down = new Map();
  let apart = 0;

  const pointIn = (event) => {
    const edges = box();
    const other = stage.querySelector(".rv-before").getBoundingClientRect();
    // Side by side both panes have one size: a point of the left one is the same point of the right one.
    const inOther = event.clientX < edges.left || event.clientY < edges.top;
    const from = inOther ? other : edges;
    return { x: event.clientX - from.left, y: event.clientY - from.top };
  };
  const slideTo = (event) => {
    const here = place();
    view.slide((100 * (pointIn(event).x - here.x)) / (here.width * here.scale));
  };
  const spread = () => {
    const [one, two] = [...down.values()];
    return { apart: Math.hypot(one.x - two.x, one.y - two.y), point: { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 } };
  };

  stage.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, pointIn(event));
    if (down.size === 2) apart = spread().apart;
    else if (!view.isZoomed() && !stage.classList.contains("rv-side")) slideTo(event);
  });
  stage.addEventListener("pointermove", (event) => {
    const last = down.get(event.pointerId);
    if (!last) return;
    const now = pointIn(event);
    down.set(event.pointerId, now);
    if (down.size === 2) {
      const { apart: wide, point } = spread();
      view.zoomBy(Math.log(wide / apart) / Math.log(ZOOM_STEP), point);
      apart = wide;
    } else if (view.isZoomed()) view.moveBy(now.x - last.x, now.y - last.y);
    else if (!stage.classList.contains("rv-side")) slideTo(event);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    stage.addEventListener(name, (event) => down.delete(event.pointerId));
  }
  stage.addEventListener("dblclick", (event) => view.zoom(pointIn(event)));
  stage.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      view.zoomBy(-Math.sign(event.deltaY) * Math.min(1, Math.abs(event.deltaY) / 100), pointIn(event));
    },
    { passive: false },
  );
};
