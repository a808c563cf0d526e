/**
 * Loaded first on every thread (`--import`): matchers and mocks, from a folder outside the repository that has them installed.
 */

import { createRequire } from "node:module";

const { CODE_BASE_TOOLS } = process.env;
if (CODE_BASE_TOOLS !== undefined) {
  const require = createRequire(`${CODE_BASE_TOOLS}/`);
  const { ModuleMocker } = require("jest-mock");
  const { format } = require("pretty-format");
  const { expect: claim } = require("expect");
  const chai = require("chai");
  /** vitest's has the words of both. */
  const expect = Object.assign((value, ...rest) => {
    const claims = claim(value, ...rest);
    Object.defineProperty(claims, "to", { get: () => chai.expect(value).to });
    return claims;
  }, claim);
  const mocker = new ModuleMocker(globalThis);
  globalThis.codeBaseTools = {
    expect,
    fn: mocker.fn.bind(mocker),
    spyOn: mocker.spyOn.bind(mocker),
    format: (value) => format(value),
  };
}
