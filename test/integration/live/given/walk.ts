/** Lists what of the package's API takes a function, by its types: at a parameter, or as a member of one. */

import ts from "typescript6";

/** Modules of the package as its `exports` name them, by what comes before a name in the list. */
export const MODULES: Readonly<Record<string, string>> = {
  "": "dist/index.d.ts",
  "sproto:": "dist/sproto/index.d.ts",
};

const OPTIONS: ts.CompilerOptions = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  types: ["node"],
  ...{ strict: true, skipLibCheck: true, allowImportingTsExtensions: true, noEmit: true },
};

/** How deep a function may lie in what a parameter takes. */
const DEPTH_MAX = 5;

/**
 * Lists the ways to give a function: `skynet.timeout(run)`, `socketchannel.channel(options.auth)`.
 *
 * @param modules - files of declarations, as {@link MODULES}
 */
export function listTakers(modules: Readonly<Record<string, string>>): string[] {
  const program = ts.createProgram(Object.values(modules), OPTIONS);
  const walk = new Walk(program.getTypeChecker());
  for (const [prefix, file] of Object.entries(modules)) {
    const source = program.getSourceFile(file);
    const module = source && walk.checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} is no module`);
    for (const each of walk.checker.getExportsOfModule(module)) walk.enter(each, prefix);
  }
  // A node has the same objects as a service imports.
  const isOfNode = (key: string): boolean => key.startsWith("start()");
  return [...walk.found].filter((key) => !isOfNode(key)).toSorted();
}

class Walk {
  readonly checker: ts.TypeChecker;
  readonly found = new Set<string>();

  constructor(checker: ts.TypeChecker) {
    this.checker = checker;
  }

  enter(exported: ts.Symbol, prefix: string): void {
    const isAlias = (exported.flags & ts.SymbolFlags.Alias) !== 0;
    const symbol = isAlias ? this.checker.getAliasedSymbol(exported) : exported;
    if ((symbol.flags & ts.SymbolFlags.Value) === 0) return;
    this.#walk(this.checker.getTypeOfSymbol(symbol), `${prefix}${exported.name}`, []);
  }

  #walk(type: ts.Type, path: string, around: readonly ts.Type[]): void {
    for (const each of partsOf(type)) {
      if ((each.flags & ts.TypeFlags.Object) === 0 || around.includes(each)) continue;
      if (each.symbol?.name === "Promise") {
        for (const value of this.checker.getTypeArguments(each as ts.TypeReference)) {
          this.#walk(value, path, around);
        }
        continue;
      }
      if (each.symbol?.name === "AbortSignal") {
        this.found.add(`${path}.addEventListener(listener)`).add(`${path}.onabort`);
      }
      if (isForeign(each)) continue;
      const inside = [...around, each];
      for (const signature of [...each.getCallSignatures(), ...each.getConstructSignatures()]) {
        for (const parameter of signature.getParameters()) {
          this.#take(this.checker.getTypeOfSymbol(parameter), parameter.name, path, []);
        }
        this.#walk(signature.getReturnType(), `${path}()`, inside);
      }
      for (const member of each.getProperties()) {
        if (member.name === "prototype") continue;
        this.#walk(this.checker.getTypeOfSymbol(member), `${path}.${member.name}`, inside);
      }
    }
  }

  /** Notes where in a parameter a function may be. */
  // oxlint-disable-next-line max-params -- what is looked at, where in the parameter, of what, inside of what
  #take(type: ts.Type, way: string, path: string, around: readonly ts.Type[]): void {
    for (const each of partsOf(type)) {
      const limit = (each.flags & ts.TypeFlags.TypeParameter) !== 0 && each.getConstraint();
      if (limit) this.#take(limit, way, path, around);
      if ((each.flags & ts.TypeFlags.Object) === 0 || around.includes(each)) continue;
      if (each.getCallSignatures().length > 0 || each.getConstructSignatures().length > 0) {
        this.found.add(`${path}(${way})`);
        continue;
      }
      const inside = [...around, each];
      if (around.length >= DEPTH_MAX) continue;
      if (this.checker.isTupleType(each) || this.checker.isArrayType(each)) {
        for (const item of this.checker.getTypeArguments(each as ts.TypeReference)) {
          this.#take(item, `${way}[]`, path, inside);
        }
        continue;
      }
      if (isMadeElsewhere(each)) continue;
      for (const member of each.getProperties()) {
        const next = this.checker.getTypeOfSymbol(member);
        this.#take(next, `${way}.${member.name}`, path, inside);
      }
      const indexed = each.getStringIndexType();
      if (indexed !== undefined) this.#take(indexed, `${way}[]`, path, inside);
    }
  }
}

function partsOf(type: ts.Type): ts.Type[] {
  return type.isUnionOrIntersection() ? type.types.flatMap(partsOf) : [type];
}

function declarationsOf(type: ts.Type): readonly ts.Declaration[] {
  return type.symbol?.declarations ?? [];
}

function isForeign(type: ts.Type): boolean {
  return declarationsOf(type).some((each) =>
    each.getSourceFile().fileName.includes("/node_modules/"),
  );
}

/** What a program does not write down itself: objects of Node that are no options, and instances of classes of the package. */
function isMadeElsewhere(type: ts.Type): boolean {
  if (isForeign(type)) return !/Options$|^__type$/.test(type.symbol.name);
  return declarationsOf(type).some(ts.isClassDeclaration);
}
