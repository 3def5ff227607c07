// The viewer itself: what is shown of the queue, and how it starts.

const startReview = async (root, head, code) => {
  const t = textsOf(head, code);
  const alerts = createAlerts(t);
  const queue = (head.source ? gatewayQueue : sheetQueue)(head, {
    away: (is) => alerts.say("away", is ? t("away") : "", { lasting: true }),
    unkept: () => alerts.say("unkept", t("sheet.unkept")),
  });
  const may = !head.source || head.source.may;
  const tools = createTools(t);
  const stage = createStage(t, tools);
  const walk = createWalk(queue, head.filter);

  /** How far the queue is; what is read of the item that is looked at stays. */
  const count = () => {
    panel.undoable(actions.canUndo());
    strip.show(walk.items, walk.at);
    bar.show(decisions.number(), walk);
  };

  /** All but the images. */
  const redraw = () => {
    const item = walk.here();
    if (item) panel.show(item, may);
    else panel.none(...endOf(t, head));
    count();
  };

  const show = () => {
    redraw();
    const item = walk.here();
    stage.show(item || { before: "", after: "" });
    if (!item) return;
    alerts.tell(t("position", { name: item.row_id || item.line, place: walk.at + 1 }));
    if (!queue.isLocal) history.replaceState(null, "", `#${encodeURIComponent(item.id)}`);
    for (const near of walk.items.slice(walk.at + 1, walk.at + 3)) {
      for (const address of [near.before, near.after].filter(Boolean)) loaded(address).catch(() => null);
    }
    if (UNFINISHED.includes(item.state)) refresh(item);
  };

  /** An item that is made again may have its new result by now. */
  const refresh = async (item) => {
    const { version } = item;
    const fresh = await queue.fresh(item).catch(() => item);
    if (fresh.version === version) return;
    Object.assign(item, fresh);
    if (item === walk.here()) show();
  };

  const open = async (filter) => {
    await walk.open(filter, decodeURIComponent(location.hash.slice(1)));
    if (!queue.isLocal) history.replaceState(null, "", addressOfFilter(filter));
    const fresh = createBar(t, head, queue, walk, actions);
    bar.root.replaceWith(fresh.root);
    bar = fresh;
    show();
  };

  const decisions = createDecisions(queue, walk, {
    changed: (item) => (item === walk.here() ? redraw() : count()),
    failed(item, text) {
      const look = element("button", { type: "button", class: "button", text: t("look_again"), on: { click: () => actions.go(walk.items.indexOf(item)) } });
      alerts.say(`item-${item.id}`, `${item.row_id || item.line}: ${text}`, { more: look });
      redraw();
    },
  });
  const view = {
    say: alerts.say,
    tell: alerts.tell,
    bar: () => bar,
    redraw,
    show,
    open,
    speak: (language) => startReview(root, { ...head, filter: walk.filter }, language),
  };
  const actions = createActions({ t, head, queue, walk, may, decisions, view });
  const panel = createPanel(t, actions);
  const strip = createStrip(t, actions.go);
  let bar = createBar(t, head, queue, walk, actions);
  Object.assign(tools.press, { side: stage.side, flicker: stage.flicker, heat: stage.heat, zoom: () => stage.zoom(), slide: stage.slide });

  const look = element("div", { class: "rv-look" }, stage.root, tools.root, strip.root);
  root.lang = t.tag;
  root.className = "rv";
  root.replaceChildren(bar.root, alerts.root, element("div", { class: "rv-work" }, look, panel.root), alerts.status);
  followedKeys = keysOf(actions, stage);
  await open(head.filter);
  root.dataset.ready = t.language;
};

const UNFINISHED = ["pending", "queued", "running"];

const endOf = (t, head) => [
  element("h2", { tabindex: "-1", text: t("ended") }),
  element("p", {}, head.source ? element("a", { href: head.source.back, text: t("back") }) : t("sheet.ended")),
];

const addressOfFilter = (filter) => {
  const asked = Object.entries(filter).filter(([name, value]) => value && !(name === "sample" && value === 100));
  return `?${new URLSearchParams(asked)}${location.hash}`;
};

let followedKeys = {};
followKeys(new Proxy({}, { get: (_, key) => followedKeys[key] }));

const reviewRoot = document.getElementById("review");
const reviewHead = JSON.parse(reviewRoot.dataset.review);
startReview(reviewRoot, reviewHead, chosenLanguage(reviewHead));
