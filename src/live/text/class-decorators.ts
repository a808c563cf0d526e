/**
 * Decorators of a class in a patch.
 *
 * Those of the class itself, of fields and of parameters did their work when the module was
 * evaluated: a patch that repeats them does nothing, and one with others is refused. Those of a method decorate the
 * patch's method anew, with the running class as their target. All of this is read from the texts
 * as they were written; nothing of a patch is transformed.
 */

import type { Class, ExpressionStatement, Program } from "acorn";
import { parseExpressionAt } from "acorn";
import type { SnaxError } from "../../base/error.ts";
import { normalise } from "../../loader/read/decorators.ts";
import type { Decorator } from "../../loader/read/decorators.ts";
import type { Image } from "../../loader/weave/image.ts";
import { classesOf } from "../../loader/read/names.ts";
import type { Syntax } from "../../loader/read/syntax.ts";
import { parseModule } from "../../loader/read/syntax.ts";
import { keyOf } from "../../loader/read/analysis.ts";
import { readTransformOptions } from "../../loader/typescript/transform-options.ts";

/** A method that a patch decorates. */
export interface DecoratedMethod {
  readonly isStatic: boolean;
  readonly kind: "method" | "get" | "set";
  readonly name: string;
  /** Texts of the decorators. */
  readonly expressions: readonly string[];
}

/** What a patch decorates of one class. */
export interface Decoration {
  /** Whether the project's decorators are those of `experimentalDecorators`. */
  readonly isLegacy: boolean;
  readonly methods: readonly DecoratedMethod[];
}

/** The class that a patch replaces. */
export interface DecoratedClass {
  readonly name: string;
  readonly image: Image;
  /** Whether the patch changes how instances are made. */
  readonly isConstructing: boolean;
  /** Makes the error that names the class. */
  readonly refuse: (why: string) => SnaxError;
}

type Member = Class["body"]["body"][number];

/** The decorators of a class, as texts that can be compared. */
interface ClassTexts {
  readonly own: readonly string[];
  /** By kind and name of the member. */
  readonly members: ReadonlyMap<string, MemberTexts>;
  /** Whether it has fields with the word `accessor`. */
  readonly hasAccessors: boolean;
}

interface MemberTexts {
  readonly member: Member;
  readonly own: readonly Decorator[];
  readonly parameters: readonly Decorator[];
}

/**
 * Lists the decorators that belong to a class of a text: its own, those of its members, and those
 * of their parameters.
 */
export function decoratorsOf(node: Class, { decorated }: Syntax): Decorator[] {
  if (decorated === undefined) return [];
  const members = membersOf(node, decorated.decorators);
  const inside = members.flatMap(({ own, parameters }) => [...own, ...parameters]);
  return [...ownOf(node, decorated), ...inside];
}

/**
 * Reads what a class in a patch decorates.
 *
 * @throws {ERR_PATCH_CLASS} if the running class can't be decorated like this.
 */
export function readDecoration(
  node: Class,
  syntax: Syntax,
  live: DecoratedClass,
): Decoration | undefined {
  const running = readRunning(live);
  if (syntax.decorated === undefined && running === undefined) return undefined;
  const { refuse, isConstructing, image } = live;
  const given = readTexts(node, syntax);
  if (given.hasAccessors) {
    throw refuse("an accessor field can't be in a patch: leave it out, and what is there stays");
  }
  const before = running === undefined ? undefined : readTexts(running.node, running.syntax);
  const { source } = syntax.decorated ?? { source: syntax.code };
  const runningSource = running?.syntax.decorated?.source ?? "";
  const compare: Compare = { source, runningSource, refuse };
  if (given.own.length > 0 && !isSame(given.own, before?.own ?? [])) {
    throw refuse(differ("its", before?.own ?? []));
  }
  const { experimentalDecorators: isLegacy = false, useDefineForClassFields: defines } =
    readTransformOptions(image.file);
  const methods: DecoratedMethod[] = [];
  for (const [key, texts] of given.members) {
    const method = readMember(key, texts, before?.members.get(key), compare);
    if (method !== undefined) methods.push(method);
  }
  if (isConstructing && before !== undefined) {
    const why = constructionRefusal(before, isLegacy, defines);
    if (why !== undefined) throw refuse(why);
  }
  return methods.length === 0 ? undefined : { isLegacy, methods };
}

interface Compare {
  readonly source: string;
  readonly runningSource: string;
  readonly refuse: (why: string) => SnaxError;
}

function readMember(
  key: string,
  { member, own, parameters }: MemberTexts,
  before: MemberTexts | undefined,
  { source, runningSource, refuse }: Compare,
): DecoratedMethod | undefined {
  const texts = own.map((each) => textOf(each, source));
  const had = (before?.own ?? []).map((each) => textOf(each, runningSource));
  const inside = parameters.map((each) => textOf(each, source));
  const hadInside = (before?.parameters ?? []).map((each) => textOf(each, runningSource));
  const isMethod = member.type === "MethodDefinition" && member.kind !== "constructor";
  const isGiven = isMethod || (member.type === "MethodDefinition" && inside.length > 0);
  if (isGiven && !isSame(inside, hadInside)) {
    throw refuse(differ(`the parameters of its ${key} have`, hadInside, ""));
  }
  if (!isMethod) {
    if (texts.length > 0 && !isSame(texts, had)) throw refuse(differ(`of its ${key} the`, had));
    return undefined;
  }
  if (texts.length === 0) {
    if (had.length === 0) return undefined;
    throw refuse(
      `its ${key} is decorated: write ${shown(had)} in front of it, or it would lose that`,
    );
  }
  const name = "key" in member ? keyOf(member) : undefined;
  if (name === undefined || member.kind === "constructor") {
    throw refuse("a method whose name is computed can't be decorated by a patch");
  }
  return { isStatic: member.static, kind: member.kind, name, expressions: texts };
}

function differ(whose: string, had: readonly string[], what = "decorators"): string {
  const now = had.length === 0 ? "none" : shown(had);
  const words = `${whose} ${what}`.trim();
  return `${words} worked when the module was evaluated (${now}), and a patch can't change that: repeat them or leave them out, and do in hotfix() what is to be different`;
}

function shown(texts: readonly string[]): string {
  return texts.map((text) => `@${text.replace(/\s+/g, " ")}`).join(" ");
}

function isSame(given: readonly string[], had: readonly string[]): boolean {
  return (
    given.length === had.length &&
    given.every((text, index) => normalise(text) === normalise(had[index] ?? ""))
  );
}

/**
 * Instances that a patch makes run its fields and its constructor, and not what a compiler has made
 * of decorated ones.
 */
function constructionRefusal(
  { members, hasAccessors }: ClassTexts,
  isLegacy: boolean,
  definesFields: boolean,
): string | undefined {
  const how = "set new values in a method or in hotfix()";
  if (hasAccessors)
    return `it has accessor fields, which instances made by a patch would lack: ${how}`;
  const decorated = [...members].filter(([, { own }]) => own.length > 0);
  const counts = decorated.filter(
    ([, { member }]) => !isLegacy || (member.type === "PropertyDefinition" && !definesFields),
  );
  const [first] = counts;
  if (first === undefined) return undefined;
  return `its ${first[0]} is decorated, and instances made by a patch would lack what that does: ${how}`;
}

interface Running {
  readonly node: Class;
  readonly syntax: Syntax;
}

const known = new WeakMap<Image, Syntax>();

/** Reads the running class as it was written; undefined if its module has no decorators. */
function readRunning({ name, image }: DecoratedClass): Running | undefined {
  if (!image.data.isTransformed) return undefined;
  let syntax = known.get(image);
  if (syntax === undefined) {
    syntax = parseModule(image.text, image.file, { isAsWritten: true });
    known.set(image, syntax);
  }
  for (const [local, node] of classesOf(syntax.ast)) if (local === name) return { node, syntax };
  return undefined;
}

function readTexts(node: Class, { decorated }: Syntax): ClassTexts {
  if (decorated === undefined) return readTexts(node, { decorated: NONE } as unknown as Syntax);
  const { decorators, source, accessors } = decorated;
  const members = membersOf(node, decorators).flatMap((texts) => {
    const key = describe(texts.member);
    return key === undefined ? [] : [[key, texts] as const];
  });
  return {
    own: ownOf(node, decorated).map((each) => textOf(each, source)),
    members: new Map(members),
    hasAccessors: accessors.some((at) => at >= node.start && at < node.end),
  };
}

const NONE = { decorators: [], source: "", accessors: [], code: "" };

function describe(member: Member): string | undefined {
  if (member.type === "StaticBlock") return undefined;
  const name = keyOf(member) ?? `[${member.start}]`;
  const kind = member.type === "PropertyDefinition" ? "field" : member.kind;
  return `${member.static ? "static " : ""}${kind} ${name}`;
}

function textOf({ start, end }: Decorator, source: string): string {
  return source.slice(start + 1, end);
}

/** Between them and the class are only other decorators, blanks by now, and `export`. */
function ownOf(
  { start }: Class,
  { decorators, code }: { readonly decorators: readonly Decorator[]; readonly code: string },
): Decorator[] {
  return decorators.filter(({ end }) => end <= start && HEAD.test(code.slice(end, start)));
}

const HEAD = /^(?:\s|\/\*[^]*?\*\/|\/\/.*|\bexport\b|\bdefault\b)*$/;

function membersOf({ body }: Class, decorators: readonly Decorator[]): MemberTexts[] {
  let from = body.start + 1;
  return body.body.map((member) => {
    const own = decorators.filter(({ start, end }) => start >= from && end <= member.start);
    from = member.end;
    const stop = member.type === "MethodDefinition" ? member.value.body.start : member.start;
    const parameters = decorators.filter(({ start }) => start > member.start && start < stop);
    return { member, own, parameters };
  });
}

/**
 * The tree of a patch with the decorators that it evaluates as statements behind all others, for
 * code that looks at its names.
 */
export function withDecorators(
  ast: Program,
  { decorators, source }: NonNullable<Syntax["decorated"]>,
): Program {
  const statements = decorators.map(({ start, end }): ExpressionStatement => {
    // The parser looks at what follows, and that may be another one.
    const text = source.slice(0, end);
    const expression = parseExpressionAt(text, start + 1, { ecmaVersion: "latest" });
    return { type: "ExpressionStatement", start, end, expression };
  });
  return { ...ast, body: [...ast.body, ...statements] };
}

/** Returns the call that hands the decorators of a class to the run of the patch. */
export function decorateCall(name: string, { isLegacy, methods }: Decoration): string {
  const entries = methods.map(
    ({ isStatic, kind, name: key, expressions }) =>
      `[${isStatic},${JSON.stringify(kind)},${JSON.stringify(key)},[${expressions.map((each) => `(${each}\n)`).join()}]]`,
  );
  return `$snaxP.decorate(${JSON.stringify(name)},${isLegacy},[${entries.join()}]);`;
}
