// Arrow keys go from card to card; a card that one came from has the focus again.
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

  const back = location.hash.startsWith("#item-") && document.getElementById(location.hash.slice(1));
  if (back) back.querySelector(".frames")?.focus();
})();
