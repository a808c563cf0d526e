/** The service that measures: work in services and in plain Node take turns on its thread. */

import { snax, skynet } from "snax";
import { round as plain } from "plain-work";
import { copy } from "plain-work/copy";

/** Work until what V8 learns has settled, in milliseconds of plain Node: of one service, and of each of many. */
const WARM_MS = 600;
const WARM_MANY_MS = 300;
/** The number of services that are measured; the others have worked a little, too. */
const MEASURED = 12;
const BATCH_MS = 2;
const SAMPLES = 100;

const least = (times) => Math.min(...times);
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

export const response = {
  async measure(alive) {
    const service = await snax.newservice("service");
    const pace = least(plain(20, 1).times);
    const batch = Math.max(1, Math.round(BATCH_MS / pace));
    const warm = (ms) => Math.max(3, Math.ceil(ms / pace / batch));
    const wanted = plain(warm(WARM_MS), batch).result;
    const { result } = await service.req.round(warm(WARM_MS), batch);
    const times = { plain: [], one: [] };
    for (let index = 0; index < SAMPLES; index += 1) {
      times.plain.push(...plain(1, batch).times);
      times.one.push(...(await service.req.round(1, batch)).times);
      if (index % 10 === 0) await skynet.sleep(0);
    }
    const all = [service];
    while (all.length < alive) all.push(await snax.newservice("service"));
    for (const each of all) await each.req.round(3, batch);
    const measured = all.filter((_, at) => at % Math.ceil(alive / MEASURED) === 0);
    for (const each of measured) await each.req.round(warm(WARM_MANY_MS), batch);
    const copies = [];
    for (const _ of alive > 1 ? all : []) copies.push((await copy(copies.length)).round);
    for (const each of copies) each(3, batch);
    const others = copies.filter((_, at) => at % Math.ceil(alive / MEASURED) === 0);
    for (const each of others) each(warm(WARM_MANY_MS), batch);
    const [many, beside, apart] = [measured, measured, others].map((each) => each.map(() => []));
    for (let index = 0; index < 12; index += 1) {
      for (const [at, each] of measured.entries()) {
        many[at].push(...(await each.req.round(1, batch)).times);
        beside[at].push(...plain(1, batch).times);
        if (alive > 1) apart[at].push(...others[at](1, batch).times);
      }
    }
    return {
      one: least(times.one) / least(times.plain),
      many: alive > 1 ? median(many.map(least)) / median(beside.map(least)) : undefined,
      copies: alive > 1 ? median(many.map(least)) / median(apart.map(least)) : undefined,
      plain: least(times.plain),
      differs: result === wanted ? "" : `${result} is not ${wanted}`,
    };
  },
};
