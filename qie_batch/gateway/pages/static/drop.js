// Files are dropped anywhere on the page, and their way to the server is shown.
"use strict";

(() => {
  const form = document.querySelector("[data-drop]");
  if (!form) return;
  const input = form.querySelector("input[type=file]");
  const chosen = form.querySelector("[data-chosen]");
  const progress = form.querySelector("[data-progress]");
  const status = form.querySelector("[data-status]");
  const button = form.querySelector("button");
  const catalogs = /\.(csv|tsv|xlsx|jsonl|ndjson|zip|txt)$/i;
  const size = (bytes) => (bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);

  // Files of folders that were dropped, under their paths; null for those of the input.
  let found = null;

  const files = () => found ?? [...input.files].map((file) => ({ file, name: file.name }));

  const list = () => {
    const all = files().sort((a, b) => catalogs.test(b.name) - catalogs.test(a.name));
    const shown = all.slice(0, 6).map(({ file, name }) => `${name} (${size(file.size)})`);
    if (all.length > shown.length) shown.push(`+ ${all.length - shown.length}`);
    chosen.replaceChildren(
      ...shown.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
    chosen.hidden = !all.length;
  };

  const send = () => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json, text/html");
    request.upload.onprogress = (event) => {
      progress.max = event.total;
      progress.value = event.loaded;
    };
    request.upload.onload = () => {
      progress.removeAttribute("value");
      status.textContent = status.dataset.checking;
    };
    request.onload = () => {
      if (request.status === 201) return location.assign(JSON.parse(request.responseText).address);
      // An error has no address of its own: its page replaces this one.
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      const main = page.getElementById("main");
      if (!main) return failed();
      document.getElementById("main").replaceWith(document.importNode(main, true));
      document.getElementById("main").focus();
    };
    const failed = () => {
      progress.hidden = true;
      button.disabled = false;
      let detail = "";
      try {
        detail = JSON.parse(request.responseText).detail;
      } catch {
        // No answer at all.
      }
      status.textContent = detail || status.dataset.lost;
    };
    request.onerror = failed;
    status.textContent = status.dataset.sending;
    progress.hidden = false;
    button.disabled = true;
    const data = new FormData();
    data.append("form", form.elements.form.value);
    for (const { file, name } of files()) data.append("files", file, name);
    request.send(data);
  };

  const walked = async (entry, folder = "") => {
    const name = folder + entry.name;
    if (entry.isFile) return [{ name, file: await new Promise((done, no) => entry.file(done, no)) }];
    const reader = entry.createReader();
    const all = [];
    for (;;) {
      // A hundred at a time, until none is left.
      const some = await new Promise((done, no) => reader.readEntries(done, no));
      if (!some.length) return all;
      for (const each of some) all.push(...(await walked(each, `${name}/`)));
    }
  };

  const dropped = (event) => [...event.dataTransfer.types].includes("Files");
  input.addEventListener("change", () => {
    found = null;
    list();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!button.disabled) send();
  });
  document.addEventListener("dragover", (event) => {
    if (!dropped(event)) return;
    event.preventDefault();
    form.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => event.relatedTarget || form.classList.remove("over"));
  document.addEventListener("drop", async (event) => {
    if (!dropped(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
    input.files = event.dataTransfer.files;
    const folders = entries.some((entry) => entry.isDirectory);
    found = folders ? (await Promise.all(entries.map((entry) => walked(entry)))).flat() : null;
    input.required = !found;
    list();
    button.focus();
  });
})();
