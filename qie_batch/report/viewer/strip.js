// The neighbours of the item in the queue, small.

const STRIP_BESIDE = 8;

const createStrip = (t, go) => {
  const list = element("ol", { class: "rv-strip" });
  const made = new Map();

  const small = (item, place) => {
    const image = item.small || item.after || item.before;
    const button = element(
      "button",
      { type: "button", on: { click: () => go(place) } },
      image ? element("img", { src: image, alt: "", decoding: "async" }) : null,
    );
    return element("li", {}, button);
  };

  return {
    root: element("nav", { "aria-label": t("strip") }, list),
    show(items, at) {
      const first = Math.max(0, Math.min(at - STRIP_BESIDE, items.length - 2 * STRIP_BESIDE - 1));
      const shown = items.slice(first, first + 2 * STRIP_BESIDE + 1).map((item, index) => {
        const place = first + index;
        const key = `${place}/${item.id}/${item.small}`;
        const entry = made.get(key) || small(item, place);
        made.set(key, entry);
        const button = entry.firstChild;
        button.className = kindOf(item) + (item.conflict ? " conflict" : "");
        button.setAttribute("aria-label", `${item.row_id || item.line}, ${t.word("kinds", kindOf(item))}`);
        if (place === at) button.setAttribute("aria-current", "true");
        else button.removeAttribute("aria-current");
        return entry;
      });
      if (made.size > 500) made.clear();
      list.replaceChildren(...shown);
      // Not scrollIntoView, which would scroll the page, too.
      const current = list.children[at - first];
      if (current) list.scrollLeft = current.offsetLeft - (list.clientWidth - current.offsetWidth) / 2;
    },
  };
};
