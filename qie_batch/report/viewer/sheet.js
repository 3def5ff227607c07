// Items of the offline sheet, decisions in localStorage, and decisions as a CSV file.

const SHEET_COLUMNS = ["job", "item", "version", "decision", "note", "instruction", "seed", "reviewer", "at"];

/** As in results.csv: a spreadsheet runs no formula, and nothing ends a cell. */
const csvCell = (value) => {
  const text = String(value ?? "");
  return `"${(/^[=+\-@]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
};

/** What stands after all decisions on one item: the last, with notes that were written before. */
const standing = (decisions) => {
  const last = decisions.at(-1);
  const notes = decisions.slice(0, -1).filter((each) => each.decision === "noted").map((each) => each.note);
  return { ...last, note: [...notes, last.note].filter(Boolean).join("; ") };
};

const sheetItems = () =>
  [...document.querySelectorAll("script.review-item")].map((script) => JSON.parse(script.textContent));

const matches = (item, filter) => {
  if (filter.gate && !item.findings.some((each) => each.gate === filter.gate && each.verdict === "failed")) return false;
  return filter.show === "all" || kindOf(item) === filter.show;
};

const sheetQueue = (head, told) => {
  const all = sheetItems();
  const asMade = new Map(all.map((item) => [item.id, { ...item }]));
  const key = `qie-review:${head.job}`;
  let kept = { reviewer: "", decisions: {} };

  // Another window may have the same sheet open.
  const read = () => {
    try {
      kept = JSON.parse(localStorage.getItem(key)) || kept;
    } catch {
      told.unkept();
    }
  };
  const write = () => {
    try {
      localStorage.setItem(key, JSON.stringify(kept));
    } catch {
      told.unkept();
    }
  };
  /** The item as it was made, with what was decided here; decisions on another version count no longer. */
  const withDecisions = (item) => {
    const made = asMade.get(item.id);
    const decisions = (kept.decisions[item.id] || []).filter((each) => each.version === made.version);
    Object.assign(item, made);
    const decided = decisions.filter((each) => each.decision !== "noted").at(-1);
    if (decided) Object.assign(item, { state: STATES[decided.decision], review: decided.decision });
    if (decisions.length) {
      const { at, ...last } = decisions.at(-1);
      item.latest = { ...last, at: Date.parse(at) / 1000 };
    }
    return item;
  };

  read();
  head.reviewer ||= kept.reviewer;
  all.forEach(withDecisions);
  return {
    isLocal: true,
    async page(filter) {
      const counts = {};
      for (const item of all) counts[kindOf(item)] = (counts[kindOf(item)] || 0) + 1;
      return { items: all.filter((item) => matches(item, filter)), next: null, counts };
    },
    number: async (filter) => all.filter((item) => matches(item, filter)).length,
    fresh: async (item) => item,
    async decide(item, { decision, note = "", instruction = "", seed = "" }) {
      read();
      const at = `${new Date().toISOString().slice(0, 19)}Z`;
      const made = { decision, note, instruction, seed, reviewer: head.reviewer, at, version: item.version };
      const before = (kept.decisions[item.id] || []).filter((each) => each.version === item.version);
      kept.reviewer = head.reviewer;
      kept.decisions[item.id] = decision === "undone" ? before.slice(0, -1) : [...before, made];
      write();
      return withDecisions(item);
    },
    async decideAll(filter, wish) {
      const chosen = all.filter((item) => matches(item, filter));
      for (const item of chosen) await this.decide(item, wish);
      return { items: chosen.length, conflicts: 0 };
    },
    unsent: () => 0,
    csv() {
      const rows = all.filter((item) => kept.decisions[item.id]?.length).map((item) => {
        const one = { job: head.job, item: item.id, ...standing(kept.decisions[item.id]) };
        return SHEET_COLUMNS.map((column) => csvCell(one[column])).join(",");
      });
      return `\ufeff${[SHEET_COLUMNS.map(csvCell).join(","), ...rows].join("\r\n")}\r\n`;
    },
  };
};

/** Lets the browser save a text as a file. */
const saveFile = (name, text) => {
  const address = URL.createObjectURL(new Blob([text], { type: "text/csv;charset=utf-8" }));
  const link = element("a", { href: address, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
};
