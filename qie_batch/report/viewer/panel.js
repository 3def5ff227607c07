// What is known of one item, and the buttons that decide on it.

const findingFigure = (t, finding) => {
  if (finding.figure === null) return "";
  const unit = t.word("units", finding.gate);
  const known = unit === finding.gate ? "" : ` ${unit}`;
  const shown = (value) => (unit === "share" ? `${t.number(value * 100)} %` : `${t.number(value)}${known}`);
  return finding.limit === null
    ? shown(finding.figure)
    : `${shown(finding.figure)} (${t("limit", { limit: shown(finding.limit) })})`;
};

const findingRow = (t, finding) =>
  element(
    "li",
    { class: `rv-finding ${finding.verdict}` },
    element("strong", { text: t.word("gates", finding.gate) }),
    element("span", { class: "rv-figure", text: findingFigure(t, finding) }),
    finding.sentence && element("p", { lang: "en", dir: "auto", text: finding.sentence }),
  );

/** What failed in sight, what passed on demand. */
const findingList = (t, findings) => {
  const failed = findings.filter((each) => each.verdict === "failed");
  const others = findings.filter((each) => each.verdict !== "failed");
  if (!findings.length) return element("p", { class: "soft", text: t("findings.none") });
  return element(
    "div",
    { class: "rv-findings" },
    failed.length ? element("ul", {}, ...failed.map((each) => findingRow(t, each))) : null,
    others.length
      ? element(
          "details",
          {},
          element("summary", { text: t("findings.passed", { number: t.number(others.filter((each) => each.verdict === "passed").length) }) }),
          element("ul", {}, ...others.map((each) => findingRow(t, each))),
        )
      : null,
  );
};

const statusOf = (t, item) =>
  element("span", { class: `rv-status ${kindOf(item)}`, text: t.word("kinds", kindOf(item)) });

const latestOf = (t, item) => {
  const { latest } = item;
  if (!latest) return null;
  const who = t("latest", { what: t.word("decisions", latest.decision), who: latest.reviewer || "–", when: t.moment(latest.at) });
  return element("div", { class: "rv-latest" }, element("p", { text: who }), latest.note && element("p", { dir: "auto", text: latest.note }));
};

const createPanel = (t, actions) => {
  const about = element("div", { class: "rv-about" });
  const buttons = Object.fromEntries(
    [["approve", "a", "strong"], ["reject", "r", "danger"], ["reroll", "e", ""], ["note", "n", ""], ["undo", "u", ""]].map(
      ([name, key, kind]) => [name, keyButton(t(`actions.${name}`), key, () => actions[name](), { class: `button ${kind}` })],
    ),
  );
  const decide = element("div", { class: "rv-decide", role: "group", "aria-label": t("actions.label") }, ...Object.values(buttons));
  const root = element("section", { class: "rv-panel", "aria-label": t("panel") }, about, decide);

  return {
    root,
    show(item, may) {
      const facts = [t("line", { line: item.line }), item.engine, item.width && `${item.width} × ${item.height}`, item.seed !== null && t("seed", { seed: item.seed })];
      about.replaceChildren(
        element("h2", { dir: "auto", tabindex: "-1" }, item.row_id || t("no_id"),
          item.variant ? element("span", { class: "variant", text: ` ${t("variant", { number: item.variant + 1 })}` }) : null),
        statusOf(t, item),
        element("p", { class: "rv-instruction", dir: "auto", text: item.instruction }),
        findingList(t, item.findings),
        ...[item.note && element("p", { class: "soft", lang: "en", dir: "auto", text: item.note }), latestOf(t, item)].filter(Boolean),
        element("ul", { class: "facts" }, ...facts.filter(Boolean).map((text) => element("li", { text }))),
      );
      const kind = kindOf(item);
      buttons.approve.disabled = !may || !["waiting", "passed"].includes(kind);
      buttons.reject.disabled = !may || !["waiting", "passed", "approved"].includes(kind);
      buttons.reroll.disabled = !may || !["waiting", "passed", "approved", "rejected"].includes(kind);
      buttons.note.disabled = !may;
    },
    undoable(may) {
      buttons.undo.disabled = !may;
    },
    none(...shown) {
      about.replaceChildren(...shown);
      for (const name of ["approve", "reject", "reroll", "note"]) buttons[name].disabled = true;
    },
  };
};
