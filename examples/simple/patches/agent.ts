// Every agent answers differently from now on, in the middle of its client's game:  hotfix agent patches/agent.ts
import { skynet } from "snax";

async function get({ what }: { what?: string | undefined }): Promise<{ result: string }> {
  const result = (await skynet.call<string>("SIMPLEDB", "lua", "get", what)) ?? "nothing yet";
  return { result: `${result}, and a good evening to you` };
}
