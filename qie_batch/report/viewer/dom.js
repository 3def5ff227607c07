// Elements, and images that are loaded.

/** An element; `attributes` may have class, text, on (events by name), data, and any attribute. */
const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") made.textContent = value;
    else if (name === "on") for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return made;
};

/** A button that a key presses, too; the key is shown on it. */
const keyButton = (label, key, press, more = {}) =>
  element(
    "button",
    { type: "button", class: "button", "aria-keyshortcuts": key, on: { click: press }, ...more },
    element("span", { text: label }),
    element("kbd", { "aria-hidden": "true", text: key }),
  );

/** The image once it is decoded; rejects where it cannot be loaded. */
const loaded = async (address) => {
  const image = new Image();
  image.src = address;
  await image.decode();
  return image;
};
