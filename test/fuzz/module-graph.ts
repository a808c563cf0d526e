/**
 * Random small module graphs: every kind of declaration, imports in any order and in cycles, reads at any moment.
 *
 * The text is plain JavaScript, so that Node can run it too. What a module reads, calls and throws goes into a trace;
 * two worlds that mean the same write the same trace.
 */

import fc from "fast-check";

/** Text by file name. */
export type Graph = Readonly<Record<string, string>>;

/** How a module declares its exports, in the order in which they may be imported. */
const KINDS = ["const", "let", "var", "function", "class", "arrow", "pair", "pattern"] as const;

type Kind = (typeof KINDS)[number];

interface Statement {
  readonly action: "read" | "call" | "bare" | "namespace";
  readonly pick: number;
}

interface ModulePlan {
  readonly kinds: readonly Kind[];
  readonly defaultKind: "none" | "expression" | "function" | "class" | "arrow";
  /** Numbers of other modules, in the order of the text. */
  readonly imports: readonly number[];
  readonly star: number;
  readonly statements: readonly Statement[];
  readonly asks: readonly number[];
}

const statement: fc.Arbitrary<Statement> = fc.record({
  action: fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom<Statement["action"]>("read", "call", "namespace") },
    { weight: 1, arbitrary: fc.constant<Statement["action"]>("bare") },
  ),
  pick: fc.nat(1000),
});

const modulePlan: fc.Arbitrary<ModulePlan> = fc.record({
  kinds: fc.array(fc.constantFrom(...KINDS), { maxLength: 4 }),
  defaultKind: fc.constantFrom("none", "none", "expression", "function", "class", "arrow"),
  imports: fc.uniqueArray(fc.nat(5), { maxLength: 4 }),
  star: fc.nat(20),
  statements: fc.array(statement, { maxLength: 6 }),
  asks: fc.array(fc.nat(1000), { minLength: 1, maxLength: 4 }),
});

/** Graphs of two to six modules; none of them awaits at top level. */
export const graphs: fc.Arbitrary<Graph> = fc
  .array(modulePlan, { minLength: 2, maxLength: 6 })
  .map(write);

interface Imported {
  readonly exported: string;
  readonly local: string;
  readonly isCallable: boolean;
}

function write(plans: readonly ModulePlan[]): Graph {
  return Object.fromEntries(plans.map((_, index) => [fileOf(index), writeModule(plans, index)]));
}

function fileOf(index: number): string {
  return index === 0 ? "main.mjs" : `m${index}.mjs`;
}

function writeModule(plans: readonly ModulePlan[], index: number): string {
  const plan = plans[index] as ModulePlan;
  const head: string[] = [];
  const imported: Imported[] = [];
  const namespaces: string[] = [];
  for (const target of new Set(plan.imports.map((number) => number % plans.length))) {
    const names = importsOf(plans[target] as ModulePlan, target);
    const clauses = names.map(({ exported, local }) => `${exported} as ${local}`);
    head.push(`import { ${clauses.join(", ")} } from "./${fileOf(target)}";`);
    head.push(`import * as all${target} from "./${fileOf(target)}";`);
    namespaces.push(`all${target}`);
    // What an import of the module itself is before its declaration is not compared.
    if (target !== index) imported.push(...names);
  }
  const star = plan.star % plans.length;
  if (plan.star < plans.length && star !== index) head.push(`export * from "./${fileOf(star)}";`);
  const body = plan.kinds.map((kind, at) => declare(kind, `x${index}_${at}`, imported, plan.asks));
  if (plan.defaultKind !== "none") body.push(declareDefault(plan.defaultKind, index, imported));
  // Reads stand between the declarations, so that they see some of the module's own variables and not others.
  for (const [at, each] of plan.statements.entries()) {
    const text = writeStatement(each, imported, namespaces);
    if (text !== "") body.splice((each.pick + at) % (body.length + 1), 0, text);
  }
  return [...head, `note("${index} begins");`, ...body, `note("${index} ends");`, ""].join("\n");
}

function importsOf(plan: ModulePlan, target: number): Imported[] {
  const names = plan.kinds.map((kind, at) => ({
    exported: `x${target}_${at}`,
    local: `y${target}_${at}`,
    isCallable: kind === "function" || kind === "arrow",
  }));
  if (plan.defaultKind === "none") return names;
  const isCallable = plan.defaultKind === "function" || plan.defaultKind === "arrow";
  return [...names, { exported: "default", local: `y${target}_d`, isCallable }];
}

/** What a function does: it asks for imports, and calls one of them if it can be called. */
function bodyOf(imported: readonly Imported[], asks: readonly number[]): string {
  if (imported.length === 0) return `return "own";`;
  const asked = asks.map((ask) => imported[ask % imported.length] as Imported);
  const callee = asked.find(({ isCallable }) => isCallable);
  const reads = asked.map(({ local }) => `look("${local}", () => ${local});`);
  const call = callee === undefined ? "" : `deeper(() => ${callee.local}());`;
  return `${reads.join(" ")} ${call} return "own";`;
}

function declare(
  kind: Kind,
  name: string,
  imported: readonly Imported[],
  asks: readonly number[],
): string {
  const body = bodyOf(imported, asks);
  const first = imported.find(({ isCallable }) => isCallable);
  // An initialiser that calls away, so that others may look while the statement runs.
  const value = first === undefined ? `"${name}"` : `(deeper(() => ${first.local}()), "${name}")`;
  switch (kind) {
    case "const":
    case "let":
    case "var":
      return `export ${kind} ${name} = ${value};`;
    case "pair":
      return `export const ${name} = "${name}", ${name}b = ${value};`;
    case "pattern":
      return `export const { ${name}, ${name}c = 1 } = { ${name}: ${value} };`;
    case "function":
      return `export function ${name}() { ${body} }`;
    case "arrow":
      return `export const ${name} = () => { ${body} };`;
    case "class":
      return `export class ${name} { static made = ${value}; ask() { ${body} } }`;
  }
}

function declareDefault(
  kind: ModulePlan["defaultKind"],
  index: number,
  imported: readonly Imported[],
): string {
  const body = bodyOf(imported, [index]);
  if (kind === "function") return `export default function () { ${body} }`;
  if (kind === "arrow") return `export default () => { ${body} };`;
  if (kind === "class") return `export default class { ask() { ${body} } }`;
  return `export default "default of ${index}";`;
}

function writeStatement(
  { action, pick }: Statement,
  imported: readonly Imported[],
  namespaces: readonly string[],
): string {
  const namespace = namespaces[pick % Math.max(namespaces.length, 1)];
  const target = imported[pick % Math.max(imported.length, 1)];
  if (namespace !== undefined && action === "namespace")
    return `survey("${namespace}", ${namespace});`;
  if (target === undefined) return "";
  if (action === "bare") return `note(show(${target.local}));`;
  if (action === "call" && target.isCallable) {
    return `look("${target.local}()", () => ${target.local}());`;
  }
  return `look("${target.local}", () => ${target.local});`;
}
