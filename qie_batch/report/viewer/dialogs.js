// Questions: each gives a promise of the answer, null where it was left.

/** Reasons of a rejection that have a digit. */
const REASONS = ["product", "moved", "unchanged", "colour", "text", "background", "artefacts", "instruction"];

const openDialog = (t, title, fill) =>
  new Promise((resolve) => {
    const back = document.activeElement;
    const dialog = element("dialog", { class: "rv-dialog", "aria-labelledby": "rv-dialog-title" });
    // At once, as the next key may be pressed before a closed dialog gives back the focus by itself.
    const end = (answer) => {
      dialog.close();
      dialog.remove();
      back?.focus({ preventScroll: true });
      resolve(answer);
    };
    const { body, confirm, label = t("dialog.confirm"), kind = "strong", first } = fill(end);
    const buttons = element(
      "div",
      { class: "rv-answers" },
      confirm && element("button", { type: "button", class: `button ${kind}`, text: label, on: { click: confirm } }),
      element("button", { type: "button", class: "button", text: t(confirm ? "dialog.leave" : "dialog.close"), on: { click: () => end(null) } }),
    );
    dialog.append(element("h2", { id: "rv-dialog-title", text: title }), ...body, buttons);
    dialog.addEventListener("keydown", (event) => {
      event.stopPropagation();
      const isText = event.target.matches("textarea") && !event.ctrlKey && !event.metaKey;
      if (event.key !== "Enter" || event.isComposing || event.target.matches("button") || isText || !confirm) return;
      event.preventDefault();
      confirm();
    });
    dialog.addEventListener("cancel", () => end(null));
    document.body.append(dialog);
    dialog.showModal();
    first?.focus();
    first?.select?.();
  });

const field = (label, input) => element("label", { class: "rv-field" }, element("span", { text: label }), input);

const askReason = (t) =>
  openDialog(t, t("reject.title"), (end) => {
    const problem = element("p", { class: "rv-problem", role: "alert" });
    const input = element("input", { type: "text", maxlength: "1000", autocomplete: "off" });
    const confirm = () => {
      if (input.value.trim()) return end({ note: input.value.trim() });
      problem.textContent = t("reject.needed");
      input.focus();
    };
    const reasons = REASONS.map((name, place) =>
      keyButton(t(`reasons.${name}`), String(place + 1), () => end({ note: t(`reasons.${name}`) })),
    );
    input.addEventListener("keydown", (event) => {
      const reason = input.value ? null : reasons[Number(event.key) - 1];
      if (!reason) return;
      event.preventDefault();
      reason.click();
    });
    const body = [element("div", { class: "rv-reasons" }, ...reasons), field(t("reject.other"), input), problem];
    return { body, confirm, label: t("reject.yes"), kind: "strong danger", first: input };
  });

const askNote = (t) =>
  openDialog(t, t("note.title"), (end) => {
    const input = element("input", { type: "text", maxlength: "1000", autocomplete: "off" });
    const confirm = () => (input.value.trim() ? end({ note: input.value.trim() }) : input.focus());
    return { body: [field(t("note.text"), input)], confirm, label: t("note.yes"), first: input };
  });

const askAgain = (t, item) =>
  openDialog(t, t("reroll.title"), (end) => {
    const instruction = element("textarea", { rows: "3", maxlength: "4000", dir: "auto", text: item.instruction });
    const seed = element("input", { type: "text", inputmode: "numeric", autocomplete: "off", value: (item.seed ?? 0) + 1 });
    const takesSeed = item.seed !== null;
    const problem = element("p", { class: "rv-problem", role: "alert" });
    const confirm = () => {
      const number = Number(seed.value);
      const isSeed = !takesSeed || /^\d+$/.test(seed.value.trim()) && Number.isSafeInteger(number);
      problem.textContent = isSeed ? (instruction.value.trim() ? "" : t("reroll.empty")) : t("reroll.seed_wrong");
      if (!problem.textContent) end({ instruction: instruction.value.trim(), seed: takesSeed ? number : null });
    };
    const body = [
      element("p", { class: "soft", text: t(takesSeed ? "reroll.hint" : "reroll.seedless") }),
      field(t("reroll.instruction"), instruction),
      takesSeed && field(t("reroll.seed"), seed),
      problem,
    ].filter(Boolean);
    return { body, confirm, label: t("reroll.yes"), first: takesSeed ? seed : instruction };
  });

const askBulk = (t, decision, number, what) =>
  openDialog(t, t(`bulk.${decision}_title`, { number: t.number(number) }), (end) => {
    const note = element("input", { type: "text", maxlength: "1000", autocomplete: "off" });
    const problem = element("p", { class: "rv-problem", role: "alert" });
    const confirm = () => {
      if (decision === "approved" || note.value.trim()) return end({ note: note.value.trim() });
      problem.textContent = t("reject.needed");
      note.focus();
    };
    const body = [
      element("p", { text: t("bulk.question", { number: t.number(number), what }) }),
      field(t(decision === "approved" ? "note.text" : "reject.other"), note),
      problem,
    ];
    const kind = decision === "approved" ? "strong" : "strong danger";
    return { body, confirm, label: t(`bulk.${decision}_yes`, { number: t.number(number) }), kind, first: note };
  });

const showKeys = (t, keys, switcher) =>
  openDialog(t, t("keys.title"), () => {
    const rows = keys.map(([key, name]) =>
      element("div", {}, element("dt", {}, element("kbd", { text: key })), element("dd", { text: t(`keys.${name}`) })),
    );
    return { body: [element("dl", { class: "rv-keys" }, ...rows), switcher] };
  });
