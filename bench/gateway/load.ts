import { Pool } from 'undici';
import type { LoadRequest } from './requests.ts';
import type { Target } from './target.ts';

/** What a server did under load. */
export interface Figures {
  perSecond: number;
  perCpuSecond: number;
  p50Ms: number;
  p99Ms: number;
  rssMb: number;
}

const connections = 64;

/**
 * Keeps so many connections busy, one request after the other on each.
 * @param next the next request
 * @param seconds how long
 * @throws Error when an answer has another status than it should have
 */
export async function load(
  target: Target,
  next: () => LoadRequest,
  { seconds, status }: { seconds: number; status: number },
): Promise<Figures> {
  const pool = new Pool(target.url, { connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  const before = await target.usage();
  const startedMs = performance.now();
  const endMs = startedMs + seconds * 1_000;

  async function keepBusy(): Promise<void> {
    while (performance.now() < endMs) {
      const sentMs = performance.now();
      const answer = await pool.request({ ...next(), headers: { 'content-type': 'application/json' } });
      await answer.body.dump();
      if (answer.statusCode !== status) throw new Error(`${target.url} answered ${answer.statusCode}`);
      latenciesMs.push(performance.now() - sentMs);
    }
  }

  await Promise.all(Array.from({ length: connections }, keepBusy));
  const elapsedS = (performance.now() - startedMs) / 1_000;
  const after = await target.usage();
  await pool.close();
  latenciesMs.sort((a, b) => a - b);
  const percentile = (share: number) => latenciesMs[Math.floor(latenciesMs.length * share)] ?? Number.NaN;
  return {
    perSecond: latenciesMs.length / elapsedS,
    perCpuSecond: latenciesMs.length / (after.cpuSeconds - before.cpuSeconds),
    p50Ms: percentile(0.5),
    p99Ms: percentile(0.99),
    rssMb: after.rssBytes / 1_048_576,
  };
}
