/** How the calls ended that a service under test has made over the network. */
export interface CallCounts {
  readonly answered: number;
  readonly begun: number;
  readonly ended: number;
  readonly wrong: number;
  readonly byCode: Record<string, number>;
}
