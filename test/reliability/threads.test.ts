/**
 * Tests 1, 2 and 20 of the threads at their larger scale: ten thousand simulated nodes whose threads die, and traffic on
 * real threads. The tests stand in their own files; here they are told to do more.
 */

process.env["SCALE"] ??= "r";

await import("../sim/fabric.test.ts");
await import("../integration/fabric/threads-traffic.test.ts");

export {};
