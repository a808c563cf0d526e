/**
 * Metrics as Prometheus reads them: the text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */

/** What a metric is. */
export interface Metric {
  readonly name: string;
  /** A counter only rises, a gauge goes up and down, a histogram counts by size. */
  readonly kind: "counter" | "gauge" | "histogram";
  /** What its samples differ by. */
  readonly label?: "type" | "thread";
  /** One sentence. */
  readonly help: string;
}

/** One metric with its values. */
export interface Family {
  readonly metric: Metric;
  /** By the value of the label; `""` if the metric has none. */
  readonly samples: Map<string, number>;
  /** Those of a histogram, by the value of the label. */
  readonly spreads: Map<string, Spread>;
}

/** What a histogram tells of one value of its label. */
export interface Spread {
  /** The upper bound of each class, itself included; from small to large. One class more has no bound. */
  readonly bounds: readonly number[];
  /** How many there were in each class. */
  readonly counts: number[];
  /** All of them added up. */
  sum: number;
}

/** What the answer calls itself. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes metrics, one line a value; a metric without values has its head alone. */
export function writeMetrics(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { metric, samples, spreads } of families) {
    const { name, kind, help, label } = metric;
    lines.push(`# HELP ${name} ${escape(help)}`, `# TYPE ${name} ${kind}`);
    for (const [of, value] of samples) {
      lines.push(`${name}${label === undefined ? "" : `{${label}="${escape(of)}"}`} ${value}`);
    }
    for (const [of, spread] of spreads) {
      lines.push(...spreadLines(name, `${label ?? ""}="${escape(of)}"`, spread));
    }
  }
  return `${lines.join("\n")}\n`;
}

/** Prometheus wants each class with all that are smaller, and how many there are in the end. */
function spreadLines(name: string, label: string, { bounds, counts, sum }: Spread): string[] {
  let all = 0;
  const classes = counts.map((count, index) => {
    all += count;
    return `${name}_bucket{${label},le="${bounds[index] ?? "+Inf"}"} ${all}`;
  });
  return [...classes, `${name}_sum{${label}} ${sum}`, `${name}_count{${label}} ${all}`];
}

/** The names of services come from files, and a file may have any name. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
