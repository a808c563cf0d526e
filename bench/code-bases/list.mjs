/**
 * Code bases that were run, by the name of their folder: the options of run.mjs, and the packages that their tests need
 * (`npm install --no-save --ignore-scripts` in a folder beside, its node_modules moved into theirs; those without a list need none; .tsx and decorators need typescript@6).
 *
 * @typedef {object} CodeBase
 * @property {string} [repository] on github.com.
 * @property {string} [folder] within it: that is what run.mjs is given.
 * @property {string[]} [packages]
 * @property {{ file: string, command: string[] }} [made] a file that its build makes, and the command that does: see prepare.mjs.
 * @property {string[]} [tests]
 * @property {string[]} [without]
 * @property {string[]} [globals]
 * @property {number} [limit]
 * @property {string} [tsconfig]
 * @property {string} [condition]
 * @property {string} [commonjs]
 * @property {boolean} [isTogether]
 * @property {string} [hide] a pattern of what outcomes have that differs from run to run.
 */

/** @type {Record<string, CodeBase>} */
export const CODE_BASES = {
  "chess.js": {
    repository: "jhlywa/chess.js",
    packages: ["peggy@4"],
    made: { file: "src/pgn.js", command: ["peggy", "-c", "peggy.config.mjs"] },
  },
  "ts-pattern": { repository: "gvergnaud/ts-pattern" },
  "date-fns": {
    repository: "date-fns/date-fns",
    tests: ["/test.ts"],
    limit: 120,
    packages: ["@date-fns/tz@1", "@date-fns/utc@2", "fp-ts@2", "sinon@7"],
  },
  zod: {
    repository: "colinhacks/zod",
    folder: "packages/zod",
    limit: 60,
    condition: "@zod/source",
    packages: ["@web-std/file@3", "@paralleldrive/cuid2@2"],
  },
  immer: {
    repository: "immerjs/immer",
    packages: ["deep-freeze@0", "lodash@4", "redux@4", "type-plus@7"],
  },
  "boardgame.io": {
    repository: "boardgameio/boardgame.io",
    tests: [".test."],
    packages: [
      ...["@koa/bodyparser@6", "@koa/cors@5", "@koa/router@15", "cors@2", "flatted@3", "immer@11"],
      ...["js-cookie@3", "koa@3", "lodash.isplainobject@4", "nanoid@6", "p-queue@9", "redux@5"],
      ...["prop-types@15", "rfc6902@5", "setimmediate@1", "socket.io@4", "socket.io-client@4"],
      ...["node-persist@4", "supertest@7", "svelte@5", "react@19", "react-dom@19", "typescript@6"],
    ],
    // It is made of the clock.
    hide: '"seed": "\\w+"',
  },
  xstate: {
    repository: "statelyai/xstate",
    folder: "packages/core",
    tests: [".test."],
    condition: "development",
    packages: ["@scion-scxml/test-framework@2", "ajv@8", "pkg-up@3", "rxjs@7", "xml-js@1"],
  },
  "fp-ts": {
    repository: "gcanti/fp-ts",
    tsconfig: "none",
    packages: ["fast-check@3", "glob@7"],
  },
  "rot.js": { repository: "ondras/rot.js", tests: ["tests/spec/"], globals: ["ROT=src/index.ts"] },
  "pokemon-showdown": {
    repository: "smogon/pokemon-showdown",
    tests: ["test/sim/"],
    globals: ["Dex=sim/dex.ts#Dex", "toID=sim/dex-data.ts#toID"],
    commonjs: "dist=.",
    packages: ["ts-chacha20@1", "typescript@6"],
    isTogether: true,
  },
  schema: {
    repository: "colyseus/schema",
    tests: [".test."],
    tsconfig: "tsconfig.test.json",
    packages: ["msgpackr@1", "nanoid@5", "typescript@6"],
  },
};
