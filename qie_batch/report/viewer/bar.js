// Above the stage: which items, how far, and what is done to many at once.

const SHOWN = ["waiting", "passed", "approved", "rejected", "all"];
const SAMPLES = [100, 50, 20, 10, 5, 2, 1];

const choice = (label, options, value, change) => {
  const list = element(
    "select",
    { on: { change: () => change(list.value) } },
    ...options.map(([name, text]) => element("option", { value: name, text, selected: String(name) === String(value) })),
  );
  return element("label", { class: "rv-choice" }, element("span", { text: label }), list);
};

/** The sheet's own: who decides, the file of decisions, the language. */
const sheetTools = (t, head, queue, actions) => {
  const name = element("input", { type: "text", maxlength: "100", autocomplete: "name", value: head.reviewer });
  name.addEventListener("input", () => {
    head.reviewer = name.value.trim();
  });
  const save = keyButton(t("sheet.save"), "x", actions.save, { class: "button strong" });
  const others = Object.keys(head.texts).filter((code) => code !== t.language);
  const switches = others.map((code) =>
    element("button", { type: "button", class: "plain", lang: LANGUAGE_TAGS[code] || code, text: head.texts[code].language, on: { click: () => actions.speak(code) } }),
  );
  const root = element("div", { class: "rv-sheet" }, element("label", { class: "rv-choice" }, element("span", { text: t("sheet.reviewer") }), name), save, ...switches);
  return { root, name };
};

const createBar = (t, head, queue, walk, actions) => {
  const { filter } = walk;
  const progress = element("p", { class: "rv-progress" });
  const bulk = ["approved", "rejected"].map((decision) =>
    element("button", { type: "button", class: "button", text: t(`bulk.${decision}`), on: { click: () => actions.bulk(decision) } }),
  );
  const keys = keyButton(t("keys.show"), "?", actions.keys);
  const change = (name) => (value) => actions.filter({ ...filter, [name]: name === "sample" ? Number(value) : value });
  const own = queue.isLocal ? sheetTools(t, head, queue, actions) : null;
  const chosen = [
    choice(t("filter.show"), SHOWN.map((name) => [name, t(`filter.${name}`)]), filter.show, change("show")),
    choice(t("filter.gate"), [["", t("filter.any")], ...head.gates.map((name) => [name, t.word("gates", name)])], filter.gate, change("gate")),
    queue.isLocal ? null : choice(t("filter.sample"), SAMPLES.map((share) => [share, `${share} %`]), filter.sample, change("sample")),
  ];
  const root = element(
    "div",
    { class: "rv-bar" },
    element("div", { class: "rv-filter", role: "group", "aria-label": t("filter.label") }, ...chosen),
    progress,
    element("div", { class: "rv-many" }, ...bulk, keys),
    own?.root,
  );
  return {
    root,
    name: own?.name,
    show(decided, { counts }) {
      const left = counts.waiting || 0;
      progress.replaceChildren(
        element("strong", { text: t.number(decided) }), ` ${t("progress.decided")} · `,
        element("strong", { text: t.number(left) }), ` ${t("progress.waiting")}`,
        queue.unsent() ? ` · ${t("progress.sending", { number: t.number(queue.unsent()) })}` : "",
      );
      const number = counts[filter.show] || 0;
      for (const button of bulk) button.disabled = !actions.may || !number || filter.sample !== 100;
      bulk[0].hidden = !["waiting", "passed"].includes(filter.show);
      bulk[1].hidden = !["waiting", "passed", "approved"].includes(filter.show);
    },
  };
};
