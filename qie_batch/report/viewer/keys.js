// One key for each thing.

const KEYS_OFF = "qie-review-keys-off";

/** Calls what a key stands for; not while something is typed, and not with Ctrl, Alt or Meta. */
const followKeys = (actions) => {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.isComposing || document.querySelector("dialog[open]")) return;
    const inField = event.target.closest?.("input:not([type=range]):not([type=checkbox]), select, textarea");
    const isArrow = event.key.startsWith("Arrow");
    if (inField || (isArrow && event.target.matches?.("input[type=range]"))) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = actions[event.shiftKey && isArrow ? `Shift+${key}` : key];
    if (!action || (event.repeat && !isArrow && !["+", "-", "[", "]"].includes(key))) return;
    if (key !== "Escape" && key !== "?" && !isArrow && areKeysOff()) return;
    event.preventDefault();
    action();
  });
};

const areKeysOff = () => {
  try {
    return localStorage.getItem(KEYS_OFF) === "1";
  } catch {
    return false;
  }
};

/** Single letters can be switched off, for those who speak to their browser. */
const keySwitch = (t) => {
  const box = element("input", { type: "checkbox", checked: !areKeysOff() });
  box.addEventListener("change", () => {
    try {
      localStorage.setItem(KEYS_OFF, box.checked ? "0" : "1");
    } catch {
      box.checked = true;
    }
  });
  return element("label", { class: "rv-switch" }, box, element("span", { text: t("keys.on") }));
};

/** As they are shown, with the texts that say what they do. */
const SHOWN_KEYS = [
  ["a", "approve"], ["r", "reject"], ["e", "reroll"], ["n", "note"], ["u", "undo"], ["← →", "neighbours"],
  ["f", "flicker"], ["s", "side"], ["d", "heat"], ["z", "zoom"], ["+ −", "scale"], ["⇧ ← →", "move"],
  ["[ ]", "slide"], ["Esc", "whole"], ["x", "save"], ["?", "this"],
];

const keysOf = (actions, stage) => ({
  a: actions.approve, r: actions.reject, e: actions.reroll, n: actions.note, u: actions.undo,
  x: actions.save, "?": actions.keys,
  f: stage.flicker, s: stage.side, d: stage.heat, z: () => stage.zoom(),
  "+": () => stage.zoomBy(1), "=": () => stage.zoomBy(1), "-": () => stage.zoomBy(-1),
  "[": () => stage.slideBy(-1), "]": () => stage.slideBy(1),
  ArrowLeft: () => actions.neighbour(-1), ArrowRight: () => actions.neighbour(1),
  "Shift+ArrowLeft": () => stage.moveBy(MOVE_STEP, 0), "Shift+ArrowRight": () => stage.moveBy(-MOVE_STEP, 0),
  "Shift+ArrowUp": () => stage.moveBy(0, MOVE_STEP), "Shift+ArrowDown": () => stage.moveBy(0, -MOVE_STEP),
  Escape: () => stage.whole(),
});
