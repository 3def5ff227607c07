// The row of controls under the stage, and what they show of it.

const createTools = (t) => {
  const slider = element("input", { type: "range", min: "0", max: "100", value: "50", "aria-label": t("slider") });
  const button = (name, key) => keyButton(t(`tools.${name}`), key, () => tools.press[name]?.());
  const side = button("side", "s");
  const flicker = button("flicker", "f");
  const heat = button("heat", "d");
  const zoom = button("zoom", "z");
  const scale = element("output", { class: "rv-scale" });
  const tools = {
    root: element("div", { class: "rv-tools" }, element("label", { class: "rv-slide" }, slider), flicker, side, heat, zoom, scale),
    /** By name: side, flicker, heat, zoom, slide. */
    press: {},
    told(view, pixels) {
      slider.value = view.at;
      for (const [each, pressed] of [[side, view.side], [flicker, Boolean(view.solo)], [heat, view.heat], [zoom, view.place !== null]]) {
        each.setAttribute("aria-pressed", Boolean(pressed));
      }
      scale.textContent = `${t.number(pixels * 100, 0)} %`;
    },
  };
  slider.addEventListener("input", () => tools.press.slide(Number(slider.value)));
  return tools;
};
