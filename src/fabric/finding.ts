/** What a look into a thread is for, and what comes of it. */

import type { DeskReport } from "./watch-desk.ts";

/** What came of it. */
export type Finding =
  /** The thread was paused and went on; `report` says what it did. */
  | { readonly kind: "seen"; readonly report: DeskReport }
  /** What it did was cut off. */
  | {
      readonly kind: "interrupted";
      readonly report: DeskReport;
      /** Node let it go on all the same: it has to be done again. */
      readonly isLost?: boolean;
    }
  /** It was not cut off, because that would have done harm; `why` is for people. */
  | {
      readonly kind: "refused";
      readonly report: DeskReport;
      readonly why: string;
      /** It will never be possible, as long as this handler runs. */
      readonly isForGood: boolean;
    }
  /** It had gone on to something else before it paused. */
  | { readonly kind: "gone" }
  /** Another debugger has paused it. */
  | { readonly kind: "debugged" }
  /** It is at the end of its stack, and nothing can be asked there. */
  | { readonly kind: "deep" }
  /** It does not answer: it is in native code. */
  | { readonly kind: "silent" };

/** Which dispatch of which node is meant. */
export interface Suspect {
  readonly desk: string;
  readonly dispatch: number;
  /** Cut it off as well. */
  readonly isCondemned: boolean;
  /** An operator wants it. @defaultValue false */
  readonly isByHand?: boolean;
}

/** Why a handler is not cut off while the loader works for it, which takes its time for the first file of a process. */
export const IS_LOADING = "a file is being loaded";
