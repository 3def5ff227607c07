// Times in the reader's own clock.
"use strict";

const moments = (root) => {
  const language = document.documentElement.lang;
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    time.title = time.textContent;
    time.textContent = new Date(time.dateTime).toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
  }
};

moments(document);
