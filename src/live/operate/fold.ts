/**
 * Has what services run count as what their files say, no matter which patches led there.
 *
 *     every thread: FOLD -> the text of each module is the file's, and its patches are forgotten
 *
 * The ledger keeps no text of these patches, and few entries. A programmer who patches with every save would pile up patches that are never taken back. The next
 * comparison begins at the files, so each note comes once.
 */

import type { Context } from "../../service/context.ts";
import { otherThreads } from "../../service/threads.ts";
import { SNAX_KIND } from "../../snax/snax-kind.ts";
import { EffectiveText } from "../../texts/effective-text.ts";
import { setText } from "../text/patched-module.ts";
import type { LiveThread } from "../rollout/live-thread.ts";
import { commitOrder, orderThread, takeOrder } from "../rollout/thread-order.ts";
import type { OrderState } from "../rollout/thread-order.ts";

/** The command of a thread's steward: `FOLD(order)`. */
const FOLD = "FOLD";

/** What counts as the text of what. */
export interface FoldOrder {
  /** Texts by file. */
  readonly texts: ReadonlyMap<string, string>;
  /** The services whose modules run them; shared modules belong to all services. */
  readonly types: ReadonlySet<string>;
  /** Whose patches led there, by handle. */
  readonly by: number;
}

/** Has a thread do it when another one asks. */
export function answerFold(live: LiveThread): void {
  live.runtime.stewardCommands.set(FOLD, (_context, [state, order]) => {
    takeOrder(state as OrderState);
    commitOrder(state as OrderState);
    foldHere(live, order as FoldOrder);
  });
}

/**
 * Folds on every thread.
 *
 * @throws {ERR_PATCH_TIMEOUT} if a thread hangs.
 */
export async function foldTexts(
  live: LiveThread,
  context: Context,
  order: FoldOrder,
): Promise<void> {
  const { runtime } = context;
  foldHere(live, order);
  const others = otherThreads(runtime.threads);
  await Promise.all(others.map((thread) => orderThread(context, thread, FOLD, order)));
}

function foldHere({ runtime, ledger }: LiveThread, { texts, types, by }: FoldOrder): void {
  ledger.settleSaves(by);
  // Services that run the same are known by one object.
  const made = new Map<string, EffectiveText>();
  const textFor = (file: string, text: string, isService: boolean): EffectiveText => {
    const key = `${isService} ${file}`;
    const known = made.get(key) ?? EffectiveText.of(text, { file, isService });
    made.set(key, known);
    return known;
  };
  for (const { code, kind, name } of runtime.contexts()) {
    if (code === undefined) continue;
    for (const node of code.program.modules()) {
      const { file } = node.image;
      const text = texts.get(file);
      if (text === undefined || !(node.isShared || types.has(name))) continue;
      const module = code.find(node);
      const isService = kind === SNAX_KIND && node === code.program.entry;
      if (module !== undefined) setText(module, textFor(file, text, isService));
    }
  }
}
