// Items and decisions at the gateway. Those on one item are sent one after the other, in their order.

/** Seconds after which an address that did not answer is asked again. */
const AGAIN_SECONDS = 2;
const PAGE = 100;

const gatewayQueue = (head, told) => {
  const { reviews, items } = head.source;
  const counted = new Map();
  /** The latest decision on each item that is on its way. */
  const sending = new Map();
  let unsent = 0;

  const wait = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

  /** The answer as JSON; again and again while the gateway is away or asks to wait. */
  const ask = async (address, body) => {
    const options = body
      ? { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }
      : {};
    for (;;) {
      const answer = await fetch(address, options).catch(() => null);
      const seconds = Number(answer?.headers.get("Retry-After")) || AGAIN_SECONDS;
      if (!answer || [429, 502, 503, 504].includes(answer.status)) {
        told.away(true);
        await wait(seconds);
        continue;
      }
      told.away(false);
      const said = await answer.json().catch(() => ({ detail: answer.statusText }));
      if (answer.ok) return said;
      throw Object.assign(new Error(said.detail), { status: answer.status });
    }
  };

  const addressOf = (item, end) => `${items}${encodeURIComponent(item.id)}/${end}`;

  /** Who decided what meanwhile; a decision that was sent twice because its answer was lost is none. */
  const afterConflict = async (item, wish, error) => {
    const fresh = (await ask(addressOf(item, "reviews"))).item;
    const { latest } = fresh;
    const isOurs = latest?.reviewer === head.reviewer && latest.decision === wish.decision
      && latest.version === item.version && latest.note === (wish.note || "");
    if (isOurs) return fresh;
    counted.set(item.id, (counted.get(item.id) || 0) + 1);
    throw Object.assign(error, { fresh });
  };

  const send = async (item, wish, conflicts) => {
    // A conflict showed another version than the one that this decision was about.
    if ((counted.get(item.id) || 0) !== conflicts) return item;
    const { decision, note = "", instruction, seed } = wish;
    const again = decision === "rerolled";
    const body = { version: item.version, note, ...(again ? { instruction, seed } : { decision }) };
    try {
      return await ask(addressOf(item, again ? "reroll" : "reviews"), body);
    } catch (error) {
      if (error.status !== 409) throw error;
      return afterConflict(item, wish, error);
    }
  };

  addEventListener("beforeunload", (event) => unsent && event.preventDefault());
  const query = (filter, more = {}) =>
    new URLSearchParams({ show: filter.show, gate: filter.gate, sample: filter.sample, ...more });

  return {
    isLocal: false,
    async page(filter, after = -1) {
      return ask(`${reviews}?${query(filter, { after, limit: PAGE })}`);
    },
    /** How many items the filter meets. */
    async number(filter) {
      await Promise.all(sending.values());
      return (await ask(`${reviews}?${query(filter, { limit: 1, count: true })}`)).number;
    },
    async fresh(item) {
      return (await ask(addressOf(item, "reviews"))).item;
    },
    /** The item after the decision; throws with `fresh` where another person was faster. */
    decide(item, wish) {
      const conflicts = counted.get(item.id) || 0;
      unsent += 1;
      const before = sending.get(item.id) || Promise.resolve();
      const sent = before
        .then(() => send(item, wish, conflicts))
        // What was decided since is shown already.
        .then((fresh) => Object.assign(item, sending.get(item.id) === over ? fresh : { version: fresh.version }))
        .finally(() => {
          unsent -= 1;
        });
      const over = sent.catch(() => null);
      sending.set(item.id, over);
      over.then(() => sending.get(item.id) === over && sending.delete(item.id));
      return sent;
    },
    /** Decisions that are on their way. */
    unsent: () => unsent,
    async decideAll(filter, wish, number) {
      return ask(reviews, { ...wish, ...filter, number });
    },
  };
};
