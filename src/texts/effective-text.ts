/**
 * The text that a module really runs: its file as it was loaded, and the patches that it has got since.
 *
 * Modules that were loaded from the same text and have got the same patches share one object; so what
 * a service runs is known by one reference, and a text is folded once for all who run it.
 */

import { whyInTurn } from "./in-turn.ts";
import { fold, mergeInto, readPatchPieces } from "./merge.ts";
import type { Segment } from "./merged.ts";
import { readModuleText } from "./module-text.ts";

/** What a text belongs to. */
export interface TextHome {
  /** Path of the file, for messages and for the choice of language. */
  readonly file: string;
  /** Whether it is the own file of a snax service. */
  readonly isService: boolean;
}

/** A part of a text, and where it was. */
export interface TextPart {
  /** Extent in the text. */
  readonly start: number;
  readonly end: number;
  /** The patch; undefined for the text of the file. */
  readonly patch: string | undefined;
  /** Offset there; undefined for what is in neither. */
  readonly from: number | undefined;
}

/** A text, and where its parts were. */
interface Folded {
  readonly text: string;
  readonly parts: readonly TextPart[];
}

/** Texts after other patches that a text keeps before it looks which of them are gone. */
const SWEEP_MIN = 16;

/** A text, and the patches that led to it. */
export class EffectiveText {
  readonly home: TextHome;
  /** The text before the last patch; undefined if there was none. */
  readonly before: EffectiveText | undefined;
  /** The last patch, or the text of the file. */
  readonly given: string;
  /** The text after the patch that came last. Most texts are followed by one, and need no map. */
  #latest: WeakRef<EffectiveText> | undefined;
  /** The texts after other patches, by patch. */
  #others: Map<string, WeakRef<EffectiveText>> | undefined;
  /** How many of them there are when those that no module runs any more are taken out. */
  #sweepAt = SWEEP_MIN;
  /** The text itself; of the texts of a lineage only the first and the last one that was asked for keep theirs. */
  #folded: Folded | undefined;
  /** The same, until the memory is needed. */
  #lately: WeakRef<Folded> | undefined;
  #whyInTurn: string | undefined;

  private constructor(home: TextHome, given: string, before: EffectiveText | undefined) {
    this.home = home;
    this.before = before;
    this.given = given;
  }

  /** The text of a file without patches. */
  static of(text: string, home: TextHome): EffectiveText {
    return new EffectiveText(home, text, undefined);
  }

  /**
   * The text after one more patch; the same object for the same patch. The last patch once more
   * changes no declaration, and so no text.
   */
  with(patch: string): EffectiveText {
    if (this.before !== undefined && this.given === patch) return this;
    const latest = this.#latest?.deref();
    if (latest?.given === patch) return latest;
    const known = this.#others?.get(patch)?.deref();
    if (known !== undefined) return known;
    if (latest !== undefined) this.#keep(latest);
    const next = new EffectiveText(this.home, patch, this);
    this.#latest = new WeakRef(next);
    return next;
  }

  #keep(text: EffectiveText): void {
    const others = (this.#others ??= new Map());
    others.set(text.given, new WeakRef(text));
    if (others.size < this.#sweepAt) return;
    for (const [patch, ref] of others) if (ref.deref() === undefined) others.delete(patch);
    this.#sweepAt = Math.max(SWEEP_MIN, 2 * others.size);
  }

  /** The patches, the oldest first. */
  get patches(): string[] {
    const patches: string[] = [];
    for (const { before, given } of this.#lineage()) if (before !== undefined) patches.push(given);
    return patches.toReversed();
  }

  /**
   * The text itself, folded when it is asked for the first time.
   *
   * @throws {ERR_SYNTAX} if the text needs the compiler of the project and can't be taken apart.
   */
  get text(): string {
    return this.#fold().text;
  }

  /**
   * Why a service that is born from the text may differ from one that has got the patches in turn; undefined if it does not.
   * See in-turn.ts.
   *
   * @throws as {@link EffectiveText.text}.
   */
  get whyInTurn(): string | undefined {
    this.#fold();
    return this.#whyInTurn;
  }

  /**
   * Where the parts of the text were, in their order.
   *
   * @throws as {@link EffectiveText.text}.
   */
  get parts(): TextPart[] {
    const { text, parts } = this.#fold();
    return parts.filter(({ start }) => start < text.length);
  }

  /**
   * The text that there would be without some of its patches.
   *
   * @param isOut - is asked once for each patch, the newest first
   * @returns undefined if none of them is out.
   * @throws {ERR_PATCH} if a patch that came later can't stand without them.
   */
  without(isOut: (patch: string) => boolean): string | undefined {
    const all = this.patches.toReversed();
    const left = all.filter((patch) => !isOut(patch)).toReversed();
    if (left.length === all.length) return undefined;
    const { file, isService } = this.home;
    return fold(this.#root.given, left, file, { isService });
  }

  /** The text of the file, before any patch. */
  get base(): string {
    return this.#root.given;
  }

  get #root(): EffectiveText {
    return [...this.#lineage()].at(-1) ?? this;
  }

  /** Folds what is not folded yet. A thousand patches leave one text behind, not a thousand. */
  #fold(): Folded {
    const missing: EffectiveText[] = [];
    let known: Folded | undefined;
    for (const each of this.#lineage()) {
      known = each.#known;
      if (known !== undefined) break;
      missing.push(each);
    }
    for (const each of missing.toReversed()) {
      known = known === undefined ? each.#given() : each.#mergeInto(known);
      each.#lately = new WeakRef(known);
    }
    if (known === undefined) throw new TypeError("a text has no beginning");
    if (this.before === undefined || this.#folded !== undefined) return known;
    this.#folded = known;
    for (let { before } = this; before?.before !== undefined; { before } = before) {
      before.#folded = undefined;
    }
    return known;
  }

  get #known(): Folded | undefined {
    return this.#folded ?? this.#lately?.deref();
  }

  /** The text of the file. */
  #given(): Folded {
    const { given } = this;
    const parts = [{ start: 0, end: given.length, patch: undefined, from: 0 }];
    return { text: given, parts };
  }

  #mergeInto(before: Folded): Folded {
    const { file, isService } = this.home;
    const module = readModuleText(before.text, file, { isService });
    const patch = readPatchPieces(this.given, file, module);
    const { text, segments } = mergeInto(module, patch, { isService });
    const earlier = this.before === undefined ? undefined : this.before.#whyInTurn;
    this.#whyInTurn = earlier ?? whyInTurn(module, patch);
    return { text, parts: segments.flatMap((each) => partsOf(each, this.given, before.parts)) };
  }

  /** This text and those before it, the newest first. */
  *#lineage(): Generator<EffectiveText> {
    yield this;
    for (let { before } = this; before !== undefined; { before } = before) yield before;
  }
}

/** Where the parts of a segment were, as the text before knows it. */
function partsOf(segment: Segment, patch: string, before: readonly TextPart[]): TextPart[] {
  const { origin, start, end, from = 0 } = segment;
  if (origin === "glue") return [{ start, end, patch, from: undefined }];
  if (origin === "patch") return [{ start, end, patch, from }];
  const parts: TextPart[] = [];
  const last = from + end - start;
  for (const part of before) {
    const [first, behind] = [Math.max(part.start, from), Math.min(part.end, last)];
    if (first >= behind) continue;
    const place = part.from === undefined ? undefined : part.from + first - part.start;
    const moved = start - from;
    parts.push({ start: first + moved, end: behind + moved, patch: part.patch, from: place });
  }
  return parts;
}
