/** What a thread answers when another one asks about its patches and its services. */

import type { LiveThread } from "../rollout/live-thread.ts";
import { answerDry } from "./dry-run.ts";
import { answerReadAhead } from "./read-ahead.ts";
import { answerFold } from "./fold.ts";
import { answerInflight } from "./inflight.ts";
import { answerMigrate } from "../migrate/migrate.ts";
import { answerPatchTexts } from "./patch-texts.ts";
import { answerTexts } from "./running-texts.ts";

/** Gives the steward of a thread its commands. */
export function answerOperator(live: LiveThread): void {
  answerTexts(live.runtime);
  answerPatchTexts(live);
  answerInflight(live);
  answerDry(live);
  answerFold(live);
  answerReadAhead(live);
  answerMigrate(live);
}
