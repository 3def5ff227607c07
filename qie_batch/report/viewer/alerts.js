// Sentences above the stage, one of a kind at a time, and what a screen reader is told.

const createAlerts = (t) => {
  const root = element("div", { class: "rv-alerts", role: "alert" });
  const status = element("p", { class: "unseen", role: "status" });

  return {
    root,
    status,
    tell(text) {
      status.textContent = text;
    },
    /** "" takes the sentence of this kind away. */
    say(kind, text, { more = null, lasting = false } = {}) {
      const old = root.querySelector(`[data-kind="${CSS.escape(kind)}"]`);
      if (!text) return old?.remove();
      if (old?.firstChild.textContent === text) return;
      const close = element("button", { type: "button", class: "button", text: t("dialog.close"), on: { click: () => made.remove() } });
      const made = element("div", { class: "rv-alert", data: { kind } }, element("p", { text }), more, lasting ? null : close);
      if (old) old.replaceWith(made);
      else root.append(made);
    },
  };
};
