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

  const list = () => {
    const files = [...input.files].sort((a, b) => catalogs.test(b.name) - catalogs.test(a.name));
    const shown = files.slice(0, 6).map((file) => `${file.name} (${size(file.size)})`);
    if (files.length > shown.length) shown.push(`+ ${files.length - shown.length}`);
    chosen.replaceChildren(
      ...shown.map((text) => Object.assign(document.createElement("li"), { textContent: text })),
    );
    chosen.hidden = !files.length;
  };

  const send = () => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "text/html");
    request.upload.onprogress = (event) => {
      progress.max = event.total;
      progress.value = event.loaded;
    };
    request.upload.onload = () => {
      progress.removeAttribute("value");
      status.textContent = status.dataset.checking;
    };
    request.onload = () => {
      // Where the server led to; an error has no address of its own, so its page replaces this one.
      if (request.status < 400) return location.assign(request.responseURL);
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      document.getElementById("main").replaceWith(document.importNode(page.getElementById("main"), true));
      document.getElementById("main").focus();
    };
    request.onerror = () => {
      progress.hidden = true;
      button.disabled = false;
      status.textContent = status.dataset.lost;
    };
    status.textContent = status.dataset.sending;
    progress.hidden = false;
    button.disabled = true;
    request.send(new FormData(form));
  };

  const dropped = (event) => [...event.dataTransfer.types].includes("Files");
  input.addEventListener("change", list);
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
  document.addEventListener("drop", (event) => {
    if (!dropped(event)) return;
    event.preventDefault();
    form.classList.remove("over");
    input.files = event.dataTransfer.files;
    list();
    button.focus();
  });
})();
