// The slider between before and after, zoom, and keys for the links that name one.
"use strict";

(() => {
  const compare = document.querySelector("[data-compare]");
  const stage = compare?.querySelector(".stage");
  const slider = compare?.querySelector("input");
  const zoom = compare?.querySelector("[data-zoom]");

  const layers = stage?.querySelector(".layers");

  // A side that is not in sight has no caption.
  const name = () => {
    const [outer, inner] = [stage, layers].map((element) => element.getBoundingClientRect());
    const at = inner.left + (inner.width * slider.value) / 100;
    compare.querySelector(".caption.before").hidden = at < Math.max(outer.left, inner.left) + 8;
    compare.querySelector(".caption.after").hidden = at > Math.min(outer.right, inner.right) - 8;
  };

  const show = (percent) => {
    slider.value = percent;
    stage.style.setProperty("--at", `${slider.value}%`);
    name();
  };

  // The layers are as wide as the picture, so that the slider's way is the picture's width.
  const fit = () => {
    const image = stage.querySelector(".over");
    if (image.naturalWidth) stage.style.setProperty("--ratio", image.naturalWidth / image.naturalHeight);
    name();
  };

  const toggle = () => {
    const zoomed = stage.classList.toggle("zoomed");
    zoom.setAttribute("aria-pressed", zoomed);
    const image = stage.querySelector(".over");
    stage.style.setProperty("--wide", `${Math.max(image.naturalWidth, stage.clientWidth)}px`);
    stage.style.setProperty("--high", `${Math.max(image.naturalHeight, stage.clientHeight)}px`);
    if (zoomed) {
      stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2, (stage.scrollHeight - stage.clientHeight) / 2);
    }
    name();
  };

  if (compare) {
    const drag = (event) => {
      if (stage.classList.contains("zoomed")) return;
      const box = layers.getBoundingClientRect();
      show((100 * (event.clientX - box.left)) / box.width);
    };
    slider.addEventListener("input", () => show(slider.value));
    stage.addEventListener("pointerdown", (event) => {
      if (stage.classList.contains("zoomed")) return;
      stage.setPointerCapture(event.pointerId);
      drag(event);
    });
    stage.addEventListener("pointermove", (event) => event.buttons && drag(event));
    stage.addEventListener("dblclick", toggle);
    zoom.addEventListener("click", toggle);
    stage.addEventListener("scroll", name);
    addEventListener("resize", name);
    stage.querySelector(".over").addEventListener("load", fit);
    fit();
    // A browser that goes back restores the slider's place.
    show(slider.value);
  }

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const field = event.target.closest("input, select, textarea");
    const zoomed = stage?.classList.contains("zoomed");
    if (event.key === "Escape" && zoomed) return toggle();
    if (event.key === "Enter" && compare && !event.target.closest("a, button, summary, input")) return toggle();
    if ((field || (zoomed && event.target === stage)) && event.key.startsWith("Arrow")) return;
    document.querySelector(`[data-key="${event.key}"]`)?.click();
  });
})();
