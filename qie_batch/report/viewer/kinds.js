// What became of an item, as people tell it apart.

/** The state after each decision. */
const STATES = { approved: "succeeded", rejected: "rejected", rerolled: "pending" };

/** waiting, passed, approved, rejected, or what the item is in otherwise. */
const kindOf = (item) => {
  if (item.state === "needs_review") return "waiting";
  if (item.state === "rejected") return "rejected";
  if (item.state === "succeeded") return item.review === "approved" ? "approved" : "passed";
  return item.state;
};
