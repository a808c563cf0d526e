import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";

import { examine } from "../../../src/fabric/examination.ts";
import type { InspectorLink, Json } from "../../../src/inspector/link.ts";

const REPORT = { dispatch: 7, title: "snax bad", message: "m", sender: "s", stack: "" };

/** A thread that answers as the inspector does; what Node's own module shows is up to the test. */
class FakeThread implements InspectorLink {
  onEvent: InspectorLink["onEvent"] = () => {};
  readonly said: string[] = [];
  readonly #variables: readonly string[];

  constructor(variables: readonly string[]) {
    this.#variables = variables;
  }

  async post(method: string, params: Json = {}): Promise<Json> {
    const { expression = "", objectId } = params as { expression?: string; objectId?: string };
    if (method === "Debugger.enable") {
      this.onEvent("Debugger.scriptParsed", { scriptId: "1", url: "file:///f.ts" });
    } else if (method === "Debugger.pause") {
      const frame = { functionName: "f", location: { scriptId: "1" } };
      queueMicrotask(() => this.onEvent("Debugger.paused", { callFrames: [frame] }));
    } else if (method === "Debugger.resume") {
      const isCut = (params as { terminateOnResume?: boolean }).terminateOnResume === true;
      this.said.push(isCut ? "cut" : "resume");
      queueMicrotask(() => this.onEvent("Debugger.resumed", {}));
    } else if (method === "Runtime.evaluate") return { result: this.#answer(expression) };
    else if (method === "Runtime.getProperties") return this.#properties(objectId ?? "");
    else if (method === "Runtime.callFunctionOn") return { result: { value: true } };
    return {};
  }

  insist(method: string, params?: Json): Promise<Json> {
    return this.post(method, params);
  }

  close(): void {}

  #answer(expression: string): object {
    if (expression.endsWith("examine()")) return { value: JSON.stringify(REPORT) };
    if (expression.endsWith("condemn()")) return { value: "7" };
    if (expression.endsWith("recover()")) return { value: "ok" };
    return { objectId: "books" };
  }

  #properties(objectId: string): Json {
    const next = { books: "executionAsyncId", executionAsyncId: "[[Scopes]]", "[[Scopes]]": "0" };
    const names = objectId === "0" ? this.#variables : [next[objectId as keyof typeof next]];
    return { result: names.map((name) => ({ name, value: { objectId: name } })) };
  }
}

const suspect = { desk: "d", dispatch: 7, isCondemned: true };

test("a handler is cut off where Node shows its async ids", async () => {
  const thread = new FakeThread(["other", "async_wrap"]);
  equal((await examine(thread, suspect)).kind, "interrupted");
  deepEqual(thread.said, ["cut"]);
});

test("where Node does not show its async ids nothing is cut off, and the finding says why", async () => {
  const thread = new FakeThread(["other"]);
  deepEqual(await examine(thread, suspect), {
    kind: "refused",
    report: REPORT,
    why: "this Node does not show its async ids",
    isForGood: true,
  });
  deepEqual(thread.said, ["resume"]);
});
