/**
 * Metrics as Prometheus reads them: the text format, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/).
 */

/** What a metric is. */
export interface Metric {
  readonly name: string;
  /** A counter only rises, a gauge goes up and down. */
  readonly kind: "counter" | "gauge";
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
}

/** What the answer calls itself. */
export const PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Writes metrics, one line a value; a metric without values has its head alone. */
export function writeMetrics(families: readonly Family[]): string {
  const lines: string[] = [];
  for (const { metric, samples } of families) {
    const { name, kind, help, label } = metric;
    lines.push(`# HELP ${name} ${escape(help)}`, `# TYPE ${name} ${kind}`);
    for (const [of, value] of samples) {
      lines.push(`${name}${label === undefined ? "" : `{${label}="${escape(of)}"}`} ${value}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

/** The names of services come from files, and a file may have any name. */
function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
