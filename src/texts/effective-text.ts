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

/** A part of a text, and where it stood. */
export interface TextPart {
  /** Extent in the text. */
  readonly start: number;
  readonly end: number;
  /** The patch; undefined for the text of the file. */
  readonly patch: string | undefined;
  /** Offset there; undefined for what stands in neither. */
  readonly from: number | undefined;
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
  /** How many of them there are when those that nobody runs any more are taken out. */
  #sweepAt = SWEEP_MIN;
  #text: string | undefined;
  /** How the text was made of the one before. */
  #segments: readonly Segment[] = [];
  #whyInTurn: string | undefined;

  private constructor(home: TextHome, given: string, before: EffectiveText | undefined) {
    this.home = home;
    this.before = before;
    this.given = given;
  }

  /** The text of a file that nobody has patched. */
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
    const missing: EffectiveText[] = [];
    for (const each of this.#lineage()) {
      if (each.#text !== undefined) break;
      missing.push(each);
    }
    let text = "";
    for (const each of missing.toReversed()) {
      text = each.#fold();
      each.#text = text;
    }
    return this.#text ?? text;
  }

  /**
   * Why a service that is born from the text may differ from one that has got the patches in turn; undefined if it does not.
   * See in-turn.ts.
   *
   * @throws as {@link EffectiveText.text}.
   */
  get whyInTurn(): string | undefined {
    return this.text === "" ? undefined : this.#whyInTurn;
  }

  /**
   * Where the parts of the text stood, in their order.
   *
   * @throws as {@link EffectiveText.text}.
   */
  get parts(): TextPart[] {
    const { length } = this.text;
    let parts: readonly TextPart[] = [];
    for (const each of [...this.#lineage()].toReversed()) {
      parts =
        each.before === undefined
          ? [{ start: 0, end: each.text.length, patch: undefined, from: 0 }]
          : each.#segments.flatMap((segment) => partsOf(segment, each.given, parts));
    }
    return parts.filter(({ start }) => start < length);
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

  /** The text before is known by now. */
  #fold(): string {
    const { file, isService } = this.home;
    if (this.before === undefined) return this.given;
    const module = readModuleText(this.before.text, file, { isService });
    const patch = readPatchPieces(this.given, file, module);
    const { text, segments } = mergeInto(module, patch, { isService });
    this.#segments = segments;
    this.#whyInTurn = this.before.#whyInTurn ?? whyInTurn(module, patch);
    return text;
  }

  /** This text and those before it, the newest first. */
  *#lineage(): Generator<EffectiveText> {
    yield this;
    for (let { before } = this; before !== undefined; { before } = before) yield before;
  }
}

/** Where the parts of a segment stood, as the text before knows it. */
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
