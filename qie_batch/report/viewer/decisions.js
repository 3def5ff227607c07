// Decisions of this sitting: shown at once, sent in their order, taken back, and what a conflict does.

const UNDOABLE = ["approved", "rejected", "rerolled", "noted"];

const createDecisions = (queue, walk, on) => {
  /** The latest last: {item, decision}. */
  let done = [];

  const failed = async (item, error) => {
    done = done.filter((each) => each.item !== item);
    const fresh = error.fresh || (await queue.fresh(item).catch(() => null));
    if (fresh) walk.count(Object.assign(item, fresh, { conflict: Boolean(error.fresh) }));
    on.failed(item, error.message);
  };

  const send = async (item, wish) => {
    const sent = queue.decide(item, wish);
    if (STATES[wish.decision]) {
      Object.assign(item, { state: STATES[wish.decision], review: wish.decision === "rerolled" ? "" : wish.decision });
      walk.count(item);
    }
    try {
      await sent;
      item.conflict = false;
      walk.count(item);
      on.changed(item);
    } catch (error) {
      await failed(item, error);
    }
  };

  return {
    make(item, wish) {
      done.push({ item, decision: wish.decision });
      return send(item, wish);
    },
    /** The item whose decision is taken back: the latest of this sitting, else that of this item. */
    undo(here) {
      const { item } = done.pop() || { item: here };
      return { item, sent: send(item, { decision: "undone" }) };
    },
    canUndo: (here) => Boolean(done.length || UNDOABLE.includes(here?.latest?.decision)),
    /** Items decided, notes aside. */
    number: () => new Set(done.filter((each) => each.decision !== "noted").map((each) => each.item)).size,
  };
};
