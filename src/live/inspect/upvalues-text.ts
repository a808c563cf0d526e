/**
 * What the text of a function tells about its variables: which ones it takes from outside, which
 * ones are its own.
 *
 * V8 knows the variables around a function, but not which of them it uses, and inside the function
 * its own names hide outer ones of the same name. Both are in the text that
 * `Function.prototype.toString` gives.
 */

import { parse } from "acorn";
import type {
  AnyNode,
  Class,
  Expression,
  Function as FunctionNode,
  Literal,
  ObjectExpression,
  Options,
  Program,
} from "acorn";
import { analyse } from "../../loader/read/analysis.ts";
import { nameBehind } from "../../loader/weave/frame.ts";
import { findConstructor } from "../../loader/read/names.ts";
import { Lines } from "../../loader/text/position.ts";
import { declareLexical, declareVars, Scope, visitBoundNames } from "../../loader/read/scope.ts";

/** How far a function's body is from where V8 says that the function begins. */
export interface BodyOffset {
  /** Lines between the two. */
  readonly lines: number;
  /** Columns from the beginning if it is on the same line, else from the start of the line. */
  readonly columns: number;
}

/** What is in a function's text. */
export interface FunctionText {
  readonly kind: "function" | "generator" | "class";
  /**
   * Number of parameters if some are patterns or have default values, which run code of their own;
   * else 0.
   */
  readonly patternCount: number;
  /** Names that the function declares itself. */
  readonly own: ReadonlySet<string>;
  /**
   * Names of the outside that the function or something inside it uses; undefined if it can use
   * any, by `eval`.
   */
  readonly used: ReadonlySet<string> | undefined;
  readonly body: BodyOffset;
  /** For a class: whether nothing of it runs in front of its constructor's body. */
  readonly constructsAtOnce: boolean;
  /** For a class: the methods written in it. */
  readonly members: readonly ClassMember[];
}

/** A method of a class, as its text says it. */
export interface ClassMember {
  readonly name: string;
  readonly isStatic: boolean;
  readonly slot: "value" | "get" | "set";
  readonly text: string;
}

/** A text is an expression, a member as an object has it, or one that only a class can have. */
const SHAPES: readonly Shape[] = [
  { before: "(", behind: ")", pick: (whole) => whole },
  { before: "({", behind: "})", pick: (whole) => (whole as ObjectExpression).properties[0] },
  { before: "(class{", behind: "})", pick: (whole) => (whole as Class).body.body[0] },
];

interface Shape {
  readonly before: string;
  readonly behind: string;
  readonly pick: (whole: Expression) => AnyNode | undefined;
}

const OPTIONS = {
  ecmaVersion: "latest",
  allowSuperOutsideMethod: true,
  checkPrivateFields: false,
} as const satisfies Options;

/**
 * Reads a function's text; undefined if it is no JavaScript that the parser knows: native code
 * above all.
 */
export function readFunctionText(text: string): FunctionText | undefined {
  for (const shape of SHAPES) {
    // Inside a function: an arrow function may say `new.target` and `arguments` of the one around
    // it.
    const code = `(function(){${shape.before}${text}${shape.behind}})`;
    for (const sourceType of ["module", "script"] as const) {
      try {
        return describe(parse(code, { ...OPTIONS, sourceType }), code, shape);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
      }
    }
  }
  return undefined;
}

function describe(ast: Program, code: string, shape: Shape): FunctionText | undefined {
  const node = findCode(ast, shape);
  if (node === undefined) return undefined;
  const { freeNames } = analyse(ast);
  const used = freeNames.has("eval") ? undefined : new Set([...freeNames].map(nameBehind));
  if (node.type !== "ClassExpression") {
    const kind = node.generator ? "generator" : "function";
    return { kind, used, ...describeCode(node, code), constructsAtOnce: false, members: [] };
  }
  const constructor = findConstructor(node);
  const inside = constructor === undefined ? NO_CODE : describeCode(constructor, code);
  const runsFirst = node.superClass ? false : node.body.body.some(isInstanceField);
  return {
    ...{ kind: "class", used, ...inside },
    constructsAtOnce: inside.patternCount === 0 && !runsFirst,
    members: membersOf(node, code),
  };
}

/** Returns the function or class that one of the shapes was put around. */
function findCode(
  { body: [statement] }: Program,
  { pick }: Shape,
): (FunctionNode & AnyNode) | (Class & { type: "ClassExpression" }) | undefined {
  const around = statement?.type === "ExpressionStatement" ? statement.expression : undefined;
  const [inner] = around?.type === "FunctionExpression" ? around.body.body : [];
  let node = inner?.type === "ExpressionStatement" ? pick(inner.expression) : undefined;
  if (node?.type === "Property" || node?.type === "MethodDefinition") node = node.value as AnyNode;
  const isCode = node?.type === "ArrowFunctionExpression" || node?.type === "FunctionExpression";
  return isCode || node?.type === "ClassExpression" ? (node as FunctionNode & AnyNode) : undefined;
}

const NO_CODE = {
  patternCount: 0,
  own: new Set<string>(),
  body: { lines: 0, columns: 0 },
} as const satisfies Partial<FunctionText>;

function describeCode(
  node: FunctionNode,
  code: string,
): Pick<FunctionText, "patternCount" | "own" | "body"> {
  const scope = new Scope(undefined);
  if (node.type !== "ArrowFunctionExpression") scope.names.add("arguments");
  for (const parameter of node.params) visitBoundNames(parameter, (name) => scope.names.add(name));
  const statements = node.body.type === "BlockStatement" ? node.body.body : [];
  declareLexical(statements, scope);
  for (const statement of statements) declareVars(statement, scope);
  const isPlain = node.params.every(({ type }) => type === "Identifier");
  return {
    patternCount: isPlain ? 0 : node.params.length,
    own: scope.names,
    body: bodyOffset(node, code),
  };
}

/** From the name to the parameters; a comment between them may hold a parenthesis. */
const TO_PARAMETERS = /(?:\/\*[^]*?\*\/|\/\/.*|[^(/])*/y;

/** To V8 a function begins with its parameters, an arrow function with its text. */
function bodyOffset(node: FunctionNode, code: string): BodyOffset {
  let begin = node.start;
  if (node.type !== "ArrowFunctionExpression") {
    TO_PARAMETERS.lastIndex = node.id?.end ?? node.start;
    TO_PARAMETERS.test(code);
    begin = TO_PARAMETERS.lastIndex;
  }
  const lines = new Lines(code);
  const from = lines.locate(begin);
  const to = lines.locate(node.body.start);
  const isSameLine = from.line === to.line;
  return {
    lines: to.line - from.line,
    columns: isSameLine ? to.column - from.column : to.column - 1,
  };
}

function isInstanceField(member: Class["body"]["body"][number]): boolean {
  return member.type === "PropertyDefinition" && !member.static;
}

function membersOf(node: Class, code: string): ClassMember[] {
  const members: ClassMember[] = [];
  for (const member of node.body.body) {
    if (member.type !== "MethodDefinition" || member.kind === "constructor") continue;
    if (member.computed || member.key.type === "PrivateIdentifier") continue;
    const { key, kind, static: isStatic } = member;
    const name = key.type === "Identifier" ? key.name : String((key as Literal).value);
    const start = isStatic ? code.indexOf("static", member.start) + "static".length : member.start;
    const text = code.slice(start, member.end).trimStart();
    members.push({ name, isStatic, slot: kind === "method" ? "value" : kind, text });
  }
  return members;
}
