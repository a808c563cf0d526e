/**
 * The text of a class -> one whose fields and constructor can be taken apart and put together with
 * those of another text.
 *
 *     class Player extends Base { gold = 500; static TAX = 0.1; constructor(n) { super(n); this.n = n; } greet() { ... } }
 *     class        extends $snaxM.parent { [$snaxM.field("gold")](){return( 500)}
 *       static [$snaxM.static("TAX")](){return( 0.1)} constructor(n) { super(n); this.n = n; } greet() { ... } }
 *
 * An initialiser becomes a method, so that `this` and `super` mean in it what they meant, under a
 * key that a `ClassParts` makes and takes away again; `class-construction.ts` makes fields of them.
 * Lines stay.
 */

import type { AnyNode, Class, Function as FunctionNode } from "acorn";
import type { Edits } from "../../loader/text/edits.ts";
import { isAnonymousDefinition } from "../../loader/weave/weave.ts";
import type { ClassOutline, FieldOutline } from "./class-outline.ts";

/** What of a class is kept, and how. */
export interface PartsStyle {
  /** Whether a field without initialiser is one; in a patch it is a type. */
  readonly keepsEmpty: boolean;
  /** Whether methods and statics stay. */
  readonly keepsMethods: boolean;
}

/** Weaves a class in place; `code` is the text that the edits are for. */
export function weaveParts(
  edits: Edits,
  code: string,
  outline: ClassOutline,
  style: PartsStyle,
): void {
  const { node, maker, fields, statics } = outline;
  if (node.id) edits.blank(node.id.start, node.id.end);
  const { superClass } = node;
  if (superClass && !isNull(superClass)) {
    edits.overwrite(superClass.start, superClass.end, PARENT);
  } else if (!superClass && maker !== undefined) {
    edits.insertBehind(node.id?.end ?? node.start + "class".length, ` extends ${PARENT}`);
  }
  const names = new Map([...fields, ...statics].map((field) => [field.node, field.name]));
  const counts = { field: 0, static: 0 };
  for (const member of node.body.body) {
    if (member.type !== "PropertyDefinition") {
      const isMaker = member.type === "MethodDefinition" && member.value === maker;
      if (!isMaker && !style.keepsMethods) edits.blank(member.start, member.end);
      continue;
    }
    const kind = member.static ? "static" : "field";
    const isKept = names.has(member) && (member.value || (style.keepsEmpty && !member.static));
    if (!isKept || (member.static && !style.keepsMethods)) edits.blank(member.start, member.end);
    else {
      weaveField(edits, code, { node: member, name: names.get(member) }, counts[kind]);
      counts[kind] += 1;
    }
  }
  if (maker !== undefined) weaveMaker(edits, node, maker, outline.properties);
}

/** The head of the function around a class; what the class calls itself stays the running class. */
export function partsHead({ id }: Class, name: string): string {
  if (!id || id.name === name) return "$snaxM=>";
  return `($snaxM,${id.name}=$snaxM.live)=>`;
}

/**
 * What a patch leaves out of a class: the expression behind `extends`, and fields that do nothing.
 */
export function leftOut({ node, fields, statics }: ClassOutline): AnyNode[] {
  const kept = new Set([...fields, ...statics].map((field) => field.node));
  const empty = node.body.body.filter(
    (member) => member.type === "PropertyDefinition" && !(member.value && kept.has(member)),
  );
  return [...(node.superClass ? [node.superClass] : []), ...empty];
}

const PARENT = "$snaxM.parent";

/**
 * `gold = 500;` -> `[$snaxM.field("gold")](){return( 500)}`; `index` counts the fields of its kind.
 */
function weaveField(edits: Edits, code: string, { node, name }: FieldOutline, index: number): void {
  const { start, end, key, value } = node;
  const note = node.static ? "$snaxM.static" : "$snaxM.field";
  const head = node.static ? "static " : "";
  const stop = code[end - 1] === ";" ? end - 1 : end;
  const from = value ? equalsBehind(code, key.end) : stop;
  if (name === undefined) {
    // The key is evaluated where it is, among those of the other members.
    const open = code.indexOf("[", start) + 1;
    const close = code.lastIndexOf("]", from);
    edits.blank(start, open);
    edits.insertBefore(open, `${head}[${note}(`);
    edits.blank(close, value ? from + 1 : stop);
    edits.insertBehind(close, ")](){");
  } else {
    edits.blank(start, value ? from + 1 : stop);
    edits.insertBehind(start, `${head}[${note}(${JSON.stringify(name)})](){`);
  }
  if (!value) {
    edits.insertBehind(stop, "}");
    return;
  }
  // What has no name of its own gets that of its field.
  const isNamed = isAnonymousDefinition(value);
  const own =
    name === undefined ? `[$snaxM.keyOf(${index},${node.static})]` : `[${JSON.stringify(name)}]`;
  edits.insertBefore(from + 1, isNamed ? `return{${own}:` : "return(");
  edits.insertBehind(stop, isNamed ? `}${own}}` : ")}");
}

/** The sign is behind the key, with nothing but a bracket, blanks and comments in between. */
function equalsBehind(code: string, from: number): number {
  const gap = /(?:[^=/]|\/\*[^]*?\*\/|\/\/.*)*/y;
  gap.lastIndex = from;
  return from + (gap.exec(code)?.[0].length ?? 0);
}

/**
 * A class without `extends` gets its fields from one, too; properties among the parameters are set
 * behind `super()`.
 */
function weaveMaker(
  edits: Edits,
  node: Class,
  { body }: FunctionNode,
  properties: readonly string[],
): void {
  if (body.type !== "BlockStatement") return;
  const sets = properties.map((name) => `this.${name}=${name};`).join("");
  const own = properties.length === 0 ? "" : `${sets}$snaxM.initialise(this);`;
  if (!node.superClass) edits.insertBehind(body.start + 1, `super();${own}`);
  else if (own !== "") {
    const call = findSuperCall(body.body);
    if (call !== undefined) edits.insertBehind(call.end, `;${own}`);
  }
}

/** Returns the statement of a constructor that is nothing but `super(...)`. */
export function findSuperCall(statements: readonly AnyNode[]): AnyNode | undefined {
  return statements.find(
    (statement) =>
      statement.type === "ExpressionStatement" &&
      statement.expression.type === "CallExpression" &&
      statement.expression.callee.type === "Super",
  );
}

function isNull(node: AnyNode): boolean {
  return node.type === "Literal" && node.value === null;
}
