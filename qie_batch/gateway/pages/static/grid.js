// Arrow keys go from card to card.
"use strict";

(() => {
  const grid = document.querySelector("[data-grid]");
  const links = () => [...grid.querySelectorAll(".card > .frames")];

  grid.addEventListener("keydown", (event) => {
    const all = links();
    const here = all.indexOf(event.target.closest(".frames"));
    if (here < 0 || event.altKey || event.ctrlKey || event.metaKey) return;
    const columns = getComputedStyle(grid).gridTemplateColumns.split(" ").length;
    const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[event.key];
    const next = step && all[here + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
})();
