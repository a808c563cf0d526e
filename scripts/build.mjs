/** `npm run build`: src/ to dist/, and the clients of examples/simple, which use it. */

import { buildExample, buildPackage } from "./compile.mjs";

process.exitCode = buildPackage() && buildExample() ? 0 : 1;
