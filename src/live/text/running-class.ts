/**
 * What a running class is made of, read from its text: for patches that change fields, the
 * constructor or statics of it.
 *
 * An image keeps its text and not the tree: it is parsed again, once for each class that is asked
 * for.
 */

import type { AnyNode, Class, Program } from "acorn";
import { analyse } from "../../loader/read/analysis.ts";
import type { Analysis } from "../../loader/read/analysis.ts";
import { parseAsWritten } from "../../loader/read/syntax.ts";
import { Edits } from "../../loader/text/edits.ts";
import type { Image } from "../../loader/weave/image.ts";
import { isFunction, isLiteral } from "../../loader/read/names.ts";
import { dataOf, thaw } from "../../loader/read/written.ts";
import type { NameKind } from "../../loader/read/names.ts";
import { DEFAULT_NAME, publicName } from "../../loader/read/record.ts";
import type { StackFacts } from "../../loader/text/stack.ts";
import { mapStacks } from "../../loader/text/stack.ts";
import type { Syntax } from "../../loader/read/syntax.ts";
import { weaveUses } from "../../loader/weave/weave.ts";
import type { ClassOutline } from "./class-outline.ts";
import { readOutline } from "./class-outline.ts";
import { partsHead, weaveParts } from "./class-parts-weave.ts";

/**
 * The fields and the constructor of a running class, as a text that takes a {@link ClassParts} and
 * gives a class.
 */
export interface RunningText {
  /** Undefined if it has neither. */
  readonly text: string | undefined;
  /** Whether the text is the module's own, and not one of a patch. */
  readonly isOwn: boolean;
  readonly hasMaker: boolean;
  readonly properties: readonly string[];
  /** Whether it extends another class. */
  readonly isDerived: boolean;
}

/** A static field of a running class. */
export interface RunningStatic {
  /** Its initialiser. */
  readonly text: string;
  readonly isFunction: boolean;
  /** Its value, if that is written out. */
  readonly literal: { readonly value: unknown } | undefined;
  /** The object that it writes out, in the text that it is in. */
  readonly table: { readonly node: AnyNode; readonly code: string } | undefined;
}

/** A class as its text has it. */
export interface RunningClass {
  readonly fields: readonly string[];
  /** The fields that every instance has of its own: with an initialiser, and properties. */
  readonly own: ReadonlySet<string>;
  /** Those of the fields that hold an arrow function. */
  readonly arrows: ReadonlySet<string>;
  readonly statics: ReadonlyMap<string, RunningStatic>;
  readonly hasPrivate: boolean;
  /** The first field whose name might be another one if it were computed again. */
  readonly unstable: string | undefined;
  readonly running: RunningText;
}

/** The text that a class is in. */
export interface ClassText {
  readonly syntax: Syntax;
  readonly analysis: Analysis;
  readonly parameterProperties: ReadonlySet<number>;
  readonly image: Image;
  /** What stacks call it. */
  readonly url: string;
  /** Whether it is the module's own text, and not a patch. */
  readonly isOwn: boolean;
  /** What a name of the text stands for. */
  readonly kindOf: (name: string) => NameKind | undefined;
}

const known = new WeakMap<Image, Map<string, RunningClass>>();

/**
 * Reads a class of a module's text.
 *
 * @throws {ERR_SYNTAX} if the text has syntax that keeps its classes from being taken apart.
 */
export function readRunningClass(image: Image, name: string): RunningClass | undefined {
  let classes = known.get(image);
  if (classes === undefined) known.set(image, (classes = new Map()));
  let found = classes.get(name);
  if (found !== undefined) return found;
  const syntax = parseAsWritten(image.text, image.file);
  const node = findClass(syntax.ast, name);
  if (node === undefined) return undefined;
  const { parameterProperties } = syntax;
  const analysis = analyse(syntax.ast);
  const kindOf = (local: string): NameKind | undefined => image.names.get(local)?.kind;
  const place = { image, url: image.scriptUrl, isOwn: true, kindOf };
  found = readClass({ syntax, analysis, parameterProperties, ...place }, name, node);
  classes.set(name, found);
  return found;
}

function findClass({ body }: Program, name: string): Class | undefined {
  for (const statement of body) {
    const inner = "declaration" in statement ? statement.declaration : statement;
    if (inner?.type === "ClassDeclaration") {
      if ((inner.id?.name ?? DEFAULT_NAME) === name) return inner as Class;
    } else if (inner?.type === "VariableDeclaration") {
      for (const { id, init } of inner.declarations) {
        const isNamed = id.type === "Identifier" && id.name === name;
        if (isNamed && init?.type === "ClassExpression") return init;
      }
    }
  }
  return undefined;
}

/** Reads a class of a text, of a module or a patch. */
export function readClass(text: ClassText, name: string, node: Class): RunningClass {
  const { code } = text.syntax;
  const outline = readOutline(node, text.parameterProperties);
  const isPrivate = (member: Class["body"]["body"][number]): boolean =>
    "key" in member && member.key.type === "PrivateIdentifier";
  const hasPrivate = node.body.body.some(isPrivate);
  const unstable = outline.fields.find((field) => !isStable(field.node.key, field.name, text));
  const statics = outline.statics.flatMap(({ name: key, node: field }) =>
    key === undefined ? [] : [[key, readStatic(field.value, code)] as const],
  );
  const { maker, properties, fields } = outline;
  const isPlain = maker === undefined && fields.length === 0;
  const cannot = isPlain || hasPrivate || unstable !== undefined;
  return {
    fields: fields.flatMap((field) => field.name ?? []),
    own: new Set([
      ...fields.flatMap((field) => (field.node.value && field.name) || []),
      ...properties,
    ]),
    arrows: new Set(
      fields.flatMap(({ node: { value }, name: key }) =>
        value?.type === "ArrowFunctionExpression" && key !== undefined ? key : [],
      ),
    ),
    statics: new Map(statics),
    hasPrivate,
    unstable: unstable && code.slice(unstable.node.key.start, unstable.node.key.end),
    running: {
      text: cannot ? undefined : weaveRunning(text, name, outline),
      isOwn: text.isOwn,
      hasMaker: maker !== undefined,
      properties,
      isDerived: Boolean(node.superClass),
    },
  };
}

function readStatic(value: AnyNode | null | undefined, code: string): RunningStatic {
  if (!value) return { text: "", isFunction: false, literal: undefined, table: undefined };
  return {
    text: code.slice(value.start, value.end),
    isFunction: isFunction(value),
    literal: isLiteral(value) ? { value: dataOf(value) } : undefined,
    table: isTable(value) ? { node: value, code } : undefined,
  };
}

/** Whether an expression writes out an object with members, maybe a frozen one. */
export function isTable(value: AnyNode): boolean {
  const object = thaw(value, () => false);
  return object.type === "ObjectExpression" && object.properties.length > 0;
}

/**
 * Whether a computed name stays what it was: a constant of the module, or a symbol of the language.
 */
function isStable(
  key: AnyNode,
  name: string | undefined,
  { analysis, kindOf }: ClassText,
): boolean {
  if (name !== undefined || key.type === "PrivateIdentifier") return true;
  if (key.type === "Identifier") {
    const kind = kindOf(key.name);
    return kind === "const" || kind === "literal" || kind === "import";
  }
  const { object, computed } = key as { object?: AnyNode; computed?: boolean };
  const isSymbol = object?.type === "Identifier" && object.name === "Symbol" && computed === false;
  return key.type === "MemberExpression" && isSymbol && !analysis.declared.has("Symbol");
}

/** The text of the class as a function, its lines where they were. */
function weaveRunning(text: ClassText, name: string, outline: ClassOutline): string {
  const { syntax, analysis, image, url } = text;
  const { node, fields, maker } = outline;
  const edits = new Edits(syntax.code);
  const cells = new Map(image.data.cells.map((cell, index) => [cell, index]));
  const exported = new Set(image.exports.flatMap(({ local }) => local ?? []));
  const kept = [...fields.map((field) => field.node), ...(maker === undefined ? [] : [maker])];
  const weft = { syntax, analysis, names: image.names, cells, exported };
  weaveUses(weft, edits, (at) => kept.some(({ start, end }) => at >= start && at < end));
  weaveParts(edits, syntax.code, outline, { keepsEmpty: true, keepsMethods: false });
  const key = JSON.stringify(publicName(name));
  const prefix = `${partsHead(node, name)}({${key}:`;
  const { line, column } = syntax.locate(node.start);
  const lead = "\n".repeat(line - 1) + " ".repeat(column - 1);
  const body = edits.slice(node.start, node.end);
  const whole = `${prefix}${lead}${body}}[${key}])\n//# sourceURL=${url}`;
  const shifts = edits.shifts();
  shifts.set(1, [[0, prefix.length], ...(shifts.get(1) ?? [])]);
  const { fold } = image.data;
  const facts: StackFacts = { shifts, map: undefined, text: image.text, fold };
  mapStacks(url, facts, whole);
  stackFacts.set(text.image, [...(stackFacts.get(text.image) ?? []), facts]);
  return whole;
}

/** Stacks are counted back as long as the image lives. */
const stackFacts = new WeakMap<Image, StackFacts[]>();
