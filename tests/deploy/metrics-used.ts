/** The prefixes that metrics of ours and of Node have. */
const metric = /\b(?:kafka_(?:consumer|producer)|executor|notifier|projector|gateway|http|process|nodejs)_[a-z_]+\b/g;

/** The metrics that the queries (`expr`, `query`) of a file of rules, of a dashboard or of a ScaledObject ask for. */
export function metricsUsed(text: string): string[] {
  const queries = text.split('\n').filter((line) => /^\s*"?(?:expr|query)"?:/.test(line));
  return [...new Set(queries.flatMap((line) => line.match(metric) ?? []))];
}
