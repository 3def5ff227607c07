// One choice a group, kept in localStorage and saved as decisions.csv.

const job = document.querySelector("main").dataset.job;
const groups = [...document.querySelectorAll(".group")];
const reviewer = document.querySelector("#reviewer");
const chosenSaid = document.querySelector("#chosen");
const save = document.querySelector("#save");
const storageKey = `qie-choices:${job}`;

const optionsOf = (group) => [...group.querySelectorAll('input[type="radio"]')];
const chosenOf = (group) => optionsOf(group).find((option) => option.checked);

const keep = () => {
  const chosen = groups.map(chosenOf).filter(Boolean);
  const choices = chosen.map((option) => [option.value, option.dataset.version]);
  try {
    localStorage.setItem(storageKey, JSON.stringify({ reviewer: reviewer.value, choices }));
  } catch {
    // The page works without; what was chosen is lost when it is closed.
  }
  chosenSaid.textContent = `${chosen.length} of ${groups.length} chosen`;
  save.disabled = !chosen.length;
};

const restore = () => {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(storageKey));
  } catch {
    return;
  }
  reviewer.value = kept?.reviewer ?? "";
  const versions = new Map(kept?.choices ?? []);
  for (const option of groups.flatMap(optionsOf)) {
    option.checked = versions.get(option.value) === option.dataset.version;
  }
};

const decisionsOf = (group) => {
  const chosen = chosenOf(group);
  if (!chosen) return [];
  const at = `${new Date().toISOString().slice(0, 19)}Z`;
  return optionsOf(group).map((option) => ({
    job,
    item: option.value,
    version: option.dataset.version,
    decision: option === chosen ? "approved" : "rejected",
    note: option === chosen ? "" : `of ${group.dataset.name}, ${chosen.dataset.label} was chosen`,
    reviewer: reviewer.value.trim(),
    at,
  }));
};

const decisionsFile = () => {
  const rows = groups.flatMap(decisionsOf).map((one) => SHEET_COLUMNS.map((column) => csvCell(one[column])).join(","));
  return `\ufeff${[SHEET_COLUMNS.map(csvCell).join(","), ...rows].join("\r\n")}\r\n`;
};

let current = 0;

const goTo = (index) => {
  groups[current]?.classList.remove("current");
  current = Math.min(Math.max(index, 0), groups.length - 1);
  groups[current]?.classList.add("current");
};

const walkTo = (index) => {
  goTo(index);
  groups[current]?.focus({ preventScroll: true });
  groups[current]?.scrollIntoView({ block: "nearest" });
};

const press = (key) => {
  if (key === "j") return walkTo(current + 1);
  if (key === "k") return walkTo(current - 1);
  if (!/^[0-9]$/.test(key) || !groups.length) return;
  const options = optionsOf(groups[current]);
  if (key === "0") for (const option of options) option.checked = false;
  else if (options[key - 1]) options[key - 1].checked = true;
  keep();
};

document.addEventListener("keydown", (event) => {
  if (event.target === reviewer || event.ctrlKey || event.metaKey || event.altKey) return;
  press(event.key.toLowerCase());
});
document.addEventListener("focusin", (event) => {
  const group = event.target.closest(".group");
  if (group) goTo(groups.indexOf(group));
});
document.addEventListener("change", keep);
reviewer.addEventListener("input", keep);
document.querySelector(".tools").addEventListener("submit", (event) => event.preventDefault());
save.addEventListener("click", () => saveFile("decisions.csv", decisionsFile()));

restore();
keep();
goTo(0);
