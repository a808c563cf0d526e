/**
 * The handlers that a plain service registers in its text, at the top level or in the function of `skynet.start`:
 *
 *     skynet.dispatch("lua", handle);
 *     skynet.start(() => { skynet.dispatch("lua", handle); });
 *
 * `hotfix()` of a patch registers them again, so such a statement of it takes the place of the one in the text.
 */

import type { AnyNode } from "acorn";
import { wayText } from "../loader/read/member-key.ts";
import { isFunction } from "../loader/read/names.ts";
import type { Merger } from "./merged.ts";
import { keepImmediate, listDeferred } from "./moment.ts";
import type { ModuleText } from "./module-text.ts";
import type { Places } from "./place.ts";

/** A statement that registers the handler of a message type. */
export interface Registration {
  /** The message type, as it is written. */
  readonly protocol: string;
  readonly node: AnyNode;
}

/** A patch that is merged into a module. */
export interface MergeScene {
  readonly module: ModuleText;
  readonly patch: ModuleText;
  readonly places: Places;
}

/** Reads `skynet.dispatch("lua", handle)`. */
export function registrationOf(node: AnyNode): Registration | undefined {
  if (node.type !== "ExpressionStatement" || node.expression.type !== "CallExpression") {
    return undefined;
  }
  const { callee, arguments: given } = node.expression;
  const [protocol] = given;
  if (wayText(callee) !== "skynet.dispatch" || protocol?.type !== "Literal") return undefined;
  return { protocol: JSON.stringify(protocol.value), node };
}

/** The statements of the function that a statement gives to `skynet.start`. */
export function startedBy(node: AnyNode): readonly AnyNode[] | undefined {
  if (node.type !== "ExpressionStatement" || node.expression.type !== "CallExpression") {
    return undefined;
  }
  const { callee, arguments: given } = node.expression;
  const [run] = given;
  if (wayText(callee) !== "skynet.start" || run === undefined || !isFunction(run)) return undefined;
  return run.params.length === 0 && run.body.type === "BlockStatement" ? run.body.body : undefined;
}

/** The handlers that `hotfix()` of a patch registers, if its statements mean the same elsewhere. */
export function registeredBy(hotfix: AnyNode): Registration[] {
  if (hotfix.type !== "FunctionDeclaration" || hotfix.params.length > 0) return [];
  const steps = hotfix.body.body;
  // With names of its own, or where it decides, what it registers means nothing elsewhere.
  if (steps.some(({ type }) => type !== "ExpressionStatement")) return [];
  return steps.flatMap((step) => registrationOf(step) ?? []);
}

/** Puts the statements of `hotfix()` that register handlers in the place of those in the text. */
export function mergeRegistrations(merger: Merger, scene: MergeScene, hotfix: AnyNode): void {
  const known = new Map(listRegistrations(scene.module).map((each) => [each.protocol, each.node]));
  for (const { protocol, node: step } of registeredBy(hotfix)) {
    const old = known.get(protocol);
    if (old === undefined || !isThereBy(old.start, step, scene)) continue;
    merger.replace(old.start, old.end, step);
  }
}

/** Whether what a registration evaluates at once is there by the place in the module. What its handler uses is used later. */
function isThereBy(at: number, step: AnyNode, { module, patch, places }: MergeScene): boolean {
  return handlersOf(step)
    .filter((each) => !isFunction(each))
    .flatMap((each) => keepImmediate(patch.analysis.references, each, listDeferred(each)))
    .every(({ name }) => {
      const old = module.byName.get(name);
      const piece = old ?? patch.byName.get(name);
      if (piece === undefined || piece.declaration.type === "FunctionDeclaration") return true;
      return (old === undefined ? places.placeOf(piece) : old.end) <= at;
    });
}

/** What `skynet.dispatch` is given behind the message type. */
function handlersOf(node: AnyNode): AnyNode[] {
  if (node.type !== "ExpressionStatement" || node.expression.type !== "CallExpression") return [];
  return node.expression.arguments.slice(1);
}

/** In the order in which they are registered: the start function runs when the top level has. */
function listRegistrations({ loose }: ModuleText): Registration[] {
  const statements = loose.map(({ node }) => node);
  const started = statements.flatMap((node) => startedBy(node) ?? []);
  return [...statements, ...started].flatMap((node) => registrationOf(node) ?? []);
}
