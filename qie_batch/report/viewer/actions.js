// What each key and button does.

const createActions = ({ t, head, queue, walk, may, decisions, view }) => {
  const isNamed = () => {
    if (!queue.isLocal || head.reviewer) return true;
    view.say("name", t("sheet.name_needed"));
    view.bar().name.focus();
    return false;
  };

  const make = async (item, wish) => {
    view.say("name", "");
    decisions.make(item, wish);
    view.tell(t("said", { what: t.word("decisions", wish.decision), name: item.row_id || item.line }));
    if (wish.decision === "noted") return view.redraw();
    if (await walk.advance()) view.show();
    else view.redraw();
  };

  /** The item that is looked at, where it is of one of these kinds. */
  const here = (...kinds) => {
    const item = walk.here();
    return may && item && (!kinds.length || kinds.includes(kindOf(item))) ? item : null;
  };

  const asked = async (item, question, decision) => {
    const answer = item && isNamed() && (await question(t, item));
    if (answer) await make(item, { decision, ...answer });
  };

  const go = async (place) => (await walk.go(place)) && view.show();

  const bulk = async (decision) => {
    if (!isNamed()) return;
    // Counted now, as others decide meanwhile; the gateway refuses another number.
    const { number, filter } = { number: await queue.number(walk.filter), filter: walk.filter };
    const what = [t(`filter.${filter.show}`), filter.gate && t.word("gates", filter.gate)].filter(Boolean).join(", ");
    const answer = number && (await askBulk(t, decision, number, what));
    if (!answer) return;
    try {
      const made = await queue.decideAll(filter, { decision, ...answer }, number);
      await view.open(filter);
      view.say("bulk", t("bulk.done", { number: t.number(made.items), conflicts: t.number(made.conflicts) }));
    } catch (error) {
      view.say("bulk", error.message);
    }
  };

  return {
    may,
    go,
    bulk,
    neighbour: (step) => go(Math.min(walk.at, walk.items.length) + step),
    approve: () => {
      const item = here("waiting", "passed");
      if (item && isNamed()) make(item, { decision: "approved" });
    },
    reject: () => asked(here("waiting", "passed", "approved"), askReason, "rejected"),
    reroll: () => asked(here("waiting", "passed", "approved", "rejected"), askAgain, "rerolled"),
    note: () => asked(here(), askNote, "noted"),
    undo: () => {
      if (!may || !decisions.canUndo(walk.here())) return;
      const { item } = decisions.undo(walk.here());
      walk.at = walk.items.indexOf(item);
      view.show();
      view.tell(t("said", { what: t("decisions.undone"), name: item.row_id || item.line }));
    },
    canUndo: () => may && decisions.canUndo(walk.here()),
    filter: (filter) => view.open(filter),
    keys: () => showKeys(t, SHOWN_KEYS.filter(([, name]) => queue.isLocal || name !== "save"), keySwitch(t)),
    save: () => {
      if (!queue.isLocal) return;
      saveFile(`${head.job}-decisions.csv`, queue.csv());
      view.tell(t("sheet.saved"));
    },
    speak: (language) => view.speak(language),
  };
};
