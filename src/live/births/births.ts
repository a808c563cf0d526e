/**
 * The patches with which the services of one thread are born, by program.
 *
 * If later patches give all that a patch gives, it is retired when they are kept: it would do work
 * at each birth and leave nothing behind. So a birth costs as much as there are names that patches
 * have given, however many patches there were.
 */

import { LEVEL } from "../../base/log-level.ts";
import type { Image, ImageData } from "../../loader/weave/image.ts";
import type { Instance } from "../../loader/run/instance.ts";
import type { ModuleNode } from "../../loader/run/module-node.ts";
import type { Program } from "../../loader/run/program.ts";
import type { Context } from "../../service/context.ts";
import { describeError } from "../../service/error-text.ts";
import { askSteward } from "../../service/steward.ts";
import type { SnaxThread } from "../../snax/snax-thread.ts";
import type { GivenMethod } from "../apply/method-swap.ts";
import { checkGroups } from "../apply/method-swap.ts";
import type { EditedTexts, PatchTexts, PatchPart } from "../text/compile.ts";
import { compileParts, compilePatch, hashOf, INJECTED } from "../text/compile.ts";
import type { NameScope } from "../text/patched-module.ts";
import { rootScope, scopeOf } from "../text/patched-module.ts";
import { moduleOf, evaluateImports } from "../text/patch-import.ts";
import { ServicePatch } from "../apply/application.ts";
import { createSuccessor } from "./birth-image.ts";

/** A patch for services yet to be born, as threads tell each other of it. */
export interface BirthOrder {
  readonly id: number;
  readonly type: string;
  readonly texts: PatchTexts;
  readonly edited?: EditedTexts | undefined;
}

/** A patch that is given to each program of its type that is made from now on. */
export interface StickyOrder extends BirthOrder {
  /** Real path of the file of the type. */
  readonly file: string;
  /** It ends with the text that it was made for. */
  readonly isOnce: boolean;
}

/** The same, compiled for one thread. */
export interface BornPatch {
  readonly id: number;
  readonly parts: readonly PatchPart[];
  /**
   * Hears of every service that is born, whether it can take the patch or not; while a campaign wants
   * to know it.
   */
  onBorn: ((instance: Instance) => void) | undefined;
}

/** What services of one program are born with. */
interface Inheritance {
  /** In the order in which they go in. */
  patches: readonly BornPatch[];
  /** In which scope each module is born, where patches have added names. */
  scopes: ReadonlyMap<ModuleNode, NameScope>;
  /** What services are born from while the patches are these; see birth-image.ts. */
  image: { patches: readonly BornPatch[]; program: Program | undefined };
}

/** The births of one thread. */
export class Births {
  readonly #snax: SnaxThread;
  readonly #lateTexts: (file: string) => readonly string[];
  readonly #inheritances = new WeakMap<Program, Inheritance>();
  /** Methods that patches gave to a service whose methods have not been read yet. */
  readonly #methods = new WeakMap<Instance, GivenMethod[]>();
  /** For threads yet to be started; on the main thread of a node that has several. */
  #orders: BirthOrder[] = [];
  /** The numbers of the patches that this thread began with, in the place of another one. */
  readonly #inherited = new Set<number>();
  /** Patches for each program of their type that is made from now on, in their order. */
  #sticky: StickyOrder[] = [];

  /** @param lateTexts - the patches that a shared module gets when this thread loads it; see late-patches.ts */
  constructor(snax: SnaxThread, lateTexts: (file: string) => readonly string[]) {
    this.#snax = snax;
    this.#lateTexts = lateTexts;
    snax.runtime.cache.onProgram = (program) => this.#giveSticky(program);
    snax.births.push((host) => {
      const { code } = host.context;
      for (const given of code === undefined ? [] : (this.#methods.get(code) ?? [])) {
        host.setMethod(given.group, given.name, given.method);
      }
    });
  }

  /** The patches for services yet to be born, for a thread yet to be started. */
  get orders(): readonly BirthOrder[] {
    return this.#orders;
  }

  /** Keeps a patch for the threads yet to be started; for the main thread. */
  keepForThreads({ id, type, texts, edited }: BirthOrder): void {
    if (this.#snax.runtime.threads !== undefined) this.#orders.push({ id, type, texts, edited });
  }

  /** Forgets patches of which later ones leave nothing; for the main thread. */
  dropForThreads(ids: ReadonlySet<number>): void {
    this.#orders = this.#orders.filter(({ id }) => !ids.has(id));
  }

  /**
   * Forgets patches whose text is gone.
   *
   * @param isLeft - says whether the text is still there that a patch is for
   */
  forget(isLeft: (order: BirthOrder) => boolean): void {
    this.#orders = this.#orders.filter(isLeft);
  }

  /** The patches that each program of their type gets. */
  get sticky(): readonly StickyOrder[] {
    return this.#sticky;
  }

  /** Gives a patch to each program of its type that is made from now on. */
  stick(order: StickyOrder): void {
    this.unstick([order.id]);
    this.#sticky.push(order);
    this.#sticky.sort((a, b) => a.id - b.id);
  }

  /** Does so no longer; a program that has the patch keeps it. */
  unstick(ids: readonly number[]): void {
    this.#sticky = this.#sticky.filter(({ id }) => !ids.includes(id));
  }

  /** Begins with the sticky patches of a thread whose place this one has taken. */
  inheritSticky(orders: readonly StickyOrder[]): void {
    for (const order of orders) {
      this.#inherited.add(order.id);
      this.stick(order);
    }
  }

  #giveSticky(program: Program): Promise<void> | undefined {
    if (this.#sticky.length === 0) return undefined;
    const { file } = program.entry.image;
    const orders = this.#sticky.filter((order) => order.file === file);
    return orders.length === 0 ? undefined : this.#giveAll(program, orders);
  }

  async #giveAll(program: Program, orders: readonly StickyOrder[]): Promise<void> {
    for (const order of orders) {
      try {
        const parts = await this.#compileFor(program, order);
        this.add(program, { id: order.id, parts, onBorn: undefined });
      } catch (error) {
        this.logMissing(order, error);
      }
    }
    this.retire(program);
  }

  /** Gives a thread that took another one's place the patches for services yet to be born. */
  async inherit(context: Context, orders: readonly BirthOrder[]): Promise<void> {
    for (const order of orders) {
      this.#inherited.add(order.id);
      try {
        const { cache, paths } = context.runtime;
        // The images were brought along: the thread is not joined yet to another one that it could ask.
        await cache.load(paths.find(order.type));
        const { program, parts } = await this.compile(context, order);
        this.add(program, { id: order.id, parts, onBorn: undefined });
      } catch (error) {
        this.logMissing(order, error);
      }
    }
  }

  /** Says whether this thread began with a patch; asked once, when the patch is kept. */
  inherits(id: number): boolean {
    return this.#inherited.delete(id);
  }

  /** Says in the log that services will be born without a patch. */
  logMissing({ id, type }: BirthOrder, error: unknown): void {
    const what = `new services of ${type} are born without patch ${id}`;
    this.#snax.runtime.log(0, `${what}: ${String(error)}`, LEVEL.error);
  }

  /**
   * Compiles a patch for services yet to be born.
   *
   * @throws what {@link compileParts} throws.
   */
  async compile(
    context: Context,
    order: BirthOrder,
  ): Promise<{ readonly program: Program; readonly parts: readonly PatchPart[] }> {
    const program = await loadProgram(context, order.type);
    return { program, parts: await this.#compileFor(program, order) };
  }

  async #compileFor(program: Program, order: BirthOrder): Promise<PatchPart[]> {
    const { type } = order;
    const parts = await compileParts(this.#textsToCome(program, order), {
      program,
      scopeOf: (node) => this.scopeOf(program, node),
      hasMethods: true,
      apiNames: new Set(this.#snax.runtime.parts.keys()),
    });
    checkGroups(parts, this.#snax.methods.of(type));
    return parts;
  }

  /** The texts of a patch that the files of a program do not have yet; all, if other patches have changed what begins from them. */
  #textsToCome(program: Program, { texts, edited }: BirthOrder): PatchTexts {
    const before = this.#inheritances.get(program)?.patches ?? [];
    if (edited === undefined || before.length > 0) return texts;
    const hasEdit = (path: string): boolean => {
      const text = program.node(path)?.image.text;
      return text !== undefined && hashOf(text) === edited[path];
    };
    return new Map([...texts].filter(([path]) => !hasEdit(path)));
  }

  /** Returns the scope in which a module of a program is born. */
  scopeOf(program: Program, node: ModuleNode): NameScope {
    // A shared module is there already, with the names that patches have added to it.
    if (node.shared !== undefined) return scopeOf(node.shared);
    if (node.isShared) return this.#scopeToCome(node.image);
    return this.#inheritances.get(program)?.scopes.get(node) ?? rootScope(node.image);
  }

  /** The names of a shared module as it will be once this thread has loaded it. */
  #scopeToCome(image: Image): NameScope {
    let scope = rootScope(image);
    for (const text of this.#lateTexts(image.file)) {
      const target = { image, scope, injected: INJECTED, hasMethods: false, elsewhere: nowhere };
      try {
        scope = compilePatch(text, target).scopeAfter;
      } catch {
        // It will not be in: a service that loads the module hears why.
      }
    }
    return scope;
  }

  /**
   * Gives a patch to all services of a program yet to be born, before their `init`; their
   * `hotfix()` does not run, since there is no old state to repair.
   *
   * @returns a function that takes it from those who are not born by then.
   */
  add(program: Program, patch: BornPatch): () => void {
    const inheritance = this.#inheritanceOf(program);
    const before = inheritance.scopes;
    const scopes = new Map(before);
    for (const { node, code } of patch.parts) scopes.set(node, code.scopeAfter);
    inheritance.scopes = scopes;
    inheritance.patches = [...inheritance.patches, patch];
    return () => {
      inheritance.patches = inheritance.patches.filter((each) => each !== patch);
      if (inheritance.scopes === scopes) inheritance.scopes = before;
    };
  }

  /**
   * Retires the patches of a program of which later ones leave nothing.
   *
   * @returns their numbers.
   */
  retire(program: Program): number[] {
    const inheritance = this.#inheritances.get(program);
    if (inheritance === undefined) return [];
    const later = new Gifts(program);
    const left = inheritance.patches.toReversed().filter((patch) => !later.takeOver(patch.parts));
    const retired = inheritance.patches.filter((patch) => !left.includes(patch));
    if (retired.length > 0) inheritance.patches = left.toReversed();
    return retired.map(({ id }) => id);
  }

  #inheritanceOf(program: Program): Inheritance {
    const known = this.#inheritances.get(program);
    if (known !== undefined) return known;
    const image = { patches: [], program: undefined };
    const made: Inheritance = { patches: [], scopes: new Map(), image };
    this.#inheritances.set(program, made);
    program.successor = {
      program: () => this.#imageOf(program, made),
      refuse: (error) => this.#refuseImage(program, made, error),
    };
    program.births.push((instance) => {
      for (const patch of made.patches) this.#bear(instance, patch);
    });
    return made;
  }

  /**
   * Returns the program whose texts have the patches in them; undefined where patches go in one after the other. A patch on
   * its way goes in so: it may be taken back yet, and the campaign wants to know which services are born with it.
   */
  #imageOf(program: Program, made: Inheritance): Program | undefined {
    const { patches, image } = made;
    if (image.patches === patches) return image.program;
    if (patches.some(({ onBorn }) => onBorn !== undefined)) return undefined;
    const isSame =
      patches.length === image.patches.length &&
      patches.every((patch, index) => patch === image.patches[index]);
    if (isSame) image.patches = patches;
    else made.image = { patches, program: this.#createImage(program, patches) };
    return made.image.program;
  }

  #createImage(program: Program, patches: readonly BornPatch[]): Program | undefined {
    if (patches.length === 0) return undefined;
    const parts = patches.flatMap((patch) => patch.parts);
    try {
      return createSuccessor(this.#snax.runtime.cache, program, parts);
    } catch {
      // No text says it all. A new service gets the patches in turn.
      return undefined;
    }
  }

  /** What the patches make of a text may throw where the text itself does not. */
  #refuseImage(program: Program, made: Inheritance, error: unknown): void {
    made.image = { ...made.image, program: undefined };
    const what = `services of ${program.entry.image.file} get their patches one after the other`;
    const why = `the text that these make of it throws: ${describeError(error)}`;
    this.#snax.runtime.log(0, `${what}: ${why}`);
  }

  /** A service that can't take the patch is born without it, wholly as its text says. */
  #bear(instance: Instance, { id, parts, onBorn }: BornPatch): void {
    onBorn?.(instance);
    try {
      if (evaluateImports(parts, instance) !== undefined) {
        throw new TypeError("a module that the patch imports awaits at top level");
      }
      const patch = ServicePatch.commit(instance, undefined, parts);
      patch.keep();
      const methods = this.#methods.get(instance);
      if (methods === undefined) this.#methods.set(instance, [...patch.methods]);
      else methods.push(...patch.methods);
    } catch (error) {
      const { file } = instance.program.entry.image;
      const what = `a service of ${file} is born without patch ${id}`;
      this.#snax.runtime.log(0, `${what}: ${describeError(error)}`, LEVEL.error);
    }
  }
}

/** The text that services of a type are born from is the node's, whichever thread has read it. */
export async function loadProgram(caller: Context, type: string): Promise<Program> {
  const { cache, paths, threads } = caller.runtime;
  const path = paths.find(type);
  if (threads !== undefined && threads.own !== 0 && !cache.has(path)) {
    const images = await askSteward(caller, 0, "IMAGES", threads.own, type);
    for (const image of images as ImageData[]) cache.adopt(image);
  }
  return await cache.load(path);
}

/** What patches give to a service, collected from the last one backwards. */
class Gifts {
  readonly #program: Program;
  readonly #given = new Map<ModuleNode, Set<string>>();
  readonly #imported = new Set<ModuleNode>();
  /** The fields that they add to classes. */
  readonly #orders = new Map<ModuleNode, Map<string, Set<string>>>();

  constructor(program: Program) {
    this.#program = program;
  }

  /** Says whether the later patches give all that this one gives; if not, its gifts are added. */
  takeOver(parts: readonly PatchPart[]): boolean {
    const isTaken = parts.every((part) => this.#has(part));
    if (!isTaken) for (const part of parts) this.#add(part);
    return isTaken;
  }

  #has(part: PatchPart): boolean {
    const given = this.#given.get(part.node);
    return (
      part.code.isReplaceable &&
      [...part.code.gifts].every((gift) => given?.has(gift)) &&
      [...part.code.orders].every(([name, order]) =>
        this.#areLaterFields(part.node, name, order),
      ) &&
      importedBy(part).every(
        (node) => this.#imported.has(node) || this.#program.isImportedStatically(node),
      )
    );
  }

  /** Says whether all later patches that add fields to a class add these. */
  #areLaterFields(node: ModuleNode, name: string, order: string): boolean {
    const orders = this.#ordersOf(node, name);
    return orders.size === 1 && orders.has(order);
  }

  #ordersOf(node: ModuleNode, name: string): Set<string> {
    let byClass = this.#orders.get(node);
    if (byClass === undefined) this.#orders.set(node, (byClass = new Map()));
    let orders = byClass.get(name);
    if (orders === undefined) byClass.set(name, (orders = new Set()));
    return orders;
  }

  #add(part: PatchPart): void {
    let given = this.#given.get(part.node);
    if (given === undefined) this.#given.set(part.node, (given = new Set()));
    for (const need of part.code.needs) given.delete(need);
    for (const gift of part.code.gifts) given.add(gift);
    for (const [name, order] of part.code.orders) this.#ordersOf(part.node, name).add(order);
    for (const node of importedBy(part)) this.#imported.add(node);
  }
}

function importedBy({ imports }: PatchPart): ModuleNode[] {
  return imports.flatMap(({ source }) => moduleOf(source) ?? []);
}

const nowhere = (): string => "";
