// Parts marked data-live are taken anew from the page itself: on the server's events, else every few seconds.
"use strict";

(() => {
  const followed = document.querySelector("[data-events]");
  const polled = document.querySelector("[data-poll]");
  const seconds = Number(polled?.dataset.poll || 3);
  const last = new Map();
  let busy = false;
  let again = false;
  let timer = 0;

  for (const part of document.querySelectorAll("[data-live]")) last.set(part.id, "");

  const takeOver = (part, fresh) => {
    const html = fresh.outerHTML;
    if (last.get(part.id) === html) return;
    last.set(part.id, html);
    if (part.querySelector("details.confirm[open]")) return;
    for (const open of part.querySelectorAll("details[id]")) {
      const same = fresh.querySelector(`#${CSS.escape(open.id)}`);
      if (same) same.open = open.open;
    }
    const active = part.contains(document.activeElement) ? document.activeElement : null;
    const path = active && [...part.querySelectorAll("a, button, input, summary")].indexOf(active);
    part.replaceWith(fresh);
    moments(fresh);
    if (active) [...fresh.querySelectorAll("a, button, input, summary")][path]?.focus();
  };

  const refresh = async () => {
    if (busy || document.hidden) {
      again = true;
      return;
    }
    busy = true;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (answer.redirected || answer.status === 403) return location.reload();
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const part of document.querySelectorAll("[data-live]")) {
          const fresh = page.getElementById(part.id);
          if (fresh) takeOver(part, document.importNode(fresh, true));
        }
      }
    } catch {
      // The server is away: the next round tries again.
    }
    busy = false;
    if (followed && !document.querySelector("[data-events]")) stop();
    if (again) {
      again = false;
      later(1);
    }
  };

  const later = (delay) => {
    clearTimeout(timer);
    timer = setTimeout(refresh, delay * 1000);
  };

  let events = null;
  let polling = 0;
  const poll = () => setInterval(refresh, seconds * 1000);
  const stop = () => {
    events?.close();
    clearInterval(polling);
  };

  document.addEventListener("visibilitychange", () => document.hidden || (again && later(0)));
  if (!followed || !window.EventSource) {
    polling = poll();
    return;
  }
  events = new EventSource(followed.dataset.events);
  let waiting = false;
  const onEvent = () => {
    if (waiting) return;
    waiting = true;
    setTimeout(() => {
      waiting = false;
      refresh();
    }, 700);
  };
  for (const name of ["progress", "problem"]) events.addEventListener(name, onEvent);
  events.onerror = () => {
    onEvent();
    if (events.readyState === EventSource.CLOSED && !polling) polling = poll();
  };
})();
