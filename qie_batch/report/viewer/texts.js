// Texts of the viewer in the reader's language.

const LANGUAGE_TAGS = { zh: "zh-CN" };

/** The language of the page, else the first of the browser's that there is. */
const chosenLanguage = (head) => {
  const wanted = [head.language, ...navigator.languages.map((tag) => tag.toLowerCase().split("-")[0])];
  return wanted.find((code) => head.texts[code]) || "en";
};

/** t(key, fields) gives a text; t.word(section, name) one of a word of the program, or the word itself. */
const textsOf = (head, code) => {
  const texts = head.texts[code];
  const t = (key, fields = {}) =>
    texts[key].replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  t.word = (section, name) => texts[`${section}.${name}`] || name.replaceAll("_", " ");
  t.language = code;
  t.tag = LANGUAGE_TAGS[code] || code;
  t.number = (value, digits = 2) => value.toLocaleString(t.tag, { maximumFractionDigits: digits });
  t.moment = (seconds) =>
    new Date(seconds * 1000).toLocaleString(t.tag, { dateStyle: "medium", timeStyle: "short" });
  return t;
};
