// The slider between before and after, zoom, and keys for the links that name one.
"use strict";

(() => {
  const compare = document.querySelector("[data-compare]");
  const stage = compare?.querySelector(".stage");
  const slider = compare?.querySelector("input");
  const zoom = compare?.querySelector("[data-zoom]");

  const show = (percent) => {
    slider.value = percent;
    stage.style.setProperty("--at", `${slider.value}%`);
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
  };

  if (compare) {
    const drag = (event) => {
      if (stage.classList.contains("zoomed")) return;
      const box = stage.getBoundingClientRect();
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
