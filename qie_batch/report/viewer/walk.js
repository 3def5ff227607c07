// The items of a filter as far as they were read, the one that is looked at, and the way to the next.

/** Items before the end of what was read at which more are read. */
const NEAR_END = 10;
const OPEN_KINDS = ["waiting", "passed"];

const counted = (item) => Object.assign(item, { counted: kindOf(item) });

const createWalk = (queue, filter) => {
  let reading = null;
  const walk = {
    filter,
    items: [],
    /** Place of the item that is looked at; behind the last where none is left. */
    at: 0,
    next: null,
    counts: {},
    here: () => walk.items[walk.at],

    /** Another filter from its beginning, or from the item of this id. */
    async open(wanted, id) {
      const page = await queue.page(wanted);
      // The item may be on a later page, or not of this filter any more.
      const far = id && !page.items.some((item) => item.id === id) && (await queue.fresh({ id }).catch(() => null));
      if (far?.id) page.items.unshift(far);
      page.items.forEach(counted);
      Object.assign(walk, { filter: wanted, items: page.items, next: page.next, counts: { ...page.counts } });
      walk.at = Math.max(0, walk.items.findIndex((item) => item.id === id));
    },

    /** Once at a time. */
    more() {
      if (walk.next === null) return null;
      reading ||= queue.page(walk.filter, walk.next).then((page) => {
        const known = new Set(walk.items.map((item) => item.id));
        walk.items.push(...page.items.filter((item) => !known.has(item.id)).map(counted));
        Object.assign(walk, { next: page.next });
        reading = null;
      });
      return reading;
    },

    /** False where there is no such place. */
    async go(place) {
      const read = place >= walk.items.length - NEAR_END ? walk.more() : null;
      if (place >= walk.items.length) await read;
      if (place < 0 || place >= walk.items.length) return false;
      walk.at = place;
      return true;
    },

    /** The next item without a decision, behind this one first; else, where the filter shows what was
     * decided, the next one, and behind the last otherwise. */
    async advance() {
      const { show } = walk.filter;
      if (!OPEN_KINDS.includes(show) && show !== "all") return walk.go(walk.at + 1);
      const isOpen = (item) => OPEN_KINDS.includes(kindOf(item)) && (show === "all" || kindOf(item) === show);
      const from = (start) => walk.items.findIndex((item, place) => place >= start && isOpen(item));
      let place = from(walk.at + 1);
      while (place < 0 && walk.next !== null) {
        await walk.more();
        place = from(walk.at + 1);
      }
      if (place < 0) place = from(0);
      if (place >= 0) return walk.go(place);
      walk.at = walk.items.length;
      return true;
    },

    /** The item may be of another kind than the one that it was counted as. */
    count(item) {
      const now = kindOf(item);
      if (now === item.counted) return;
      walk.counts[item.counted] = (walk.counts[item.counted] || 0) - 1;
      walk.counts[now] = (walk.counts[now] || 0) + 1;
      item.counted = now;
    },
  };
  return walk;
};
