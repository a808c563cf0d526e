/** `npm run build`: src/ to dist/, and the clients of examples/simple, which use it. */

import { buildExample } from "./compile.mjs";
import { buildPackage } from "./dist.mjs";

process.exitCode = (await buildPackage()) && buildExample() ? 0 : 1;
