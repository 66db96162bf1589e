/**
 * `node bench/broker.ts [SECONDS]`: what the compiler of the broker's JVM costs and gains: C1 alone, HotSpot's defaults and
 * the flags of `npm start`, each with a fresh broker. Small produce requests from 48 writers keep the broker, not its client,
 * busy, in five windows of SECONDS on the same process: the first measures a cold broker, the last a warm one.
 */
import { createProducer } from '@nask/kafka';
import { createLogger } from '@nask/service';
import { isolate, startOwnKafka } from '@nask/testkit';
import { earlyOptimisingCompiler, quickCompiler, statFields } from '@nask/dev-stack';
import { TestLog } from '../packages/kafka/testing/test-log.ts';
import { printTable } from './table.ts';

const seconds = Number(process.argv[2] ?? 4);
const rounds = 2;
const windows = 5;
const writers = 48;
const valueBytes = 200;
const compilers = {
  'C1 alone': quickCompiler,
  'HotSpot’s defaults': [],
  'npm start': earlyOptimisingCompiler,
};
const logger = createLogger({ service: 'bench', level: 'silent' });

/** CPU time of a process so far, in seconds: Linux counts it in hundredths. */
function cpuSeconds(pid: number): number {
  // User and system time: fields 14 and 15 of the file.
  const [user, system] = statFields(String(pid))!.slice(11, 13);
  return (Number(user) + Number(system)) / 100;
}

/** @returns the row of a table: records a second, and the broker's CPU time for 1,000, of each window */
async function measure(name: string, compiler: readonly string[]): Promise<string[]> {
  const startedMs = performance.now();
  const kafka = await startOwnKafka({ compiler });
  const row = [name, ((performance.now() - startedMs) / 1_000).toFixed(1)];
  const pid = kafka.pid()!;
  const log = new TestLog({ brokers: [kafka.address], topicPrefix: isolate('bench-broker').topicPrefix });
  await log.open();
  await log.createTopic('events', writers);
  const producer = createProducer({ connection: log.connection, logger, deadlineMs: 30_000 });
  await producer.start();
  const value = Buffer.alloc(valueBytes);
  let sent = 0;

  async function write(untilMs: number): Promise<void> {
    while (performance.now() < untilMs) {
      await producer.sendAlone({ topic: 'events', key: String(sent), value });
      sent += 1;
    }
  }

  try {
    for (let window = 0; window < windows; window += 1) {
      const [before, beforeCpu, beforeMs] = [sent, cpuSeconds(pid), performance.now()];
      await Promise.all(Array.from({ length: writers }, () => write(beforeMs + seconds * 1_000)));
      const records = sent - before;
      const perSecond = records / ((performance.now() - beforeMs) / 1_000);
      row.push(`${perSecond.toFixed(0)} (${(((cpuSeconds(pid) - beforeCpu) / records) * 1_000).toFixed(3)})`);
    }
  } finally {
    await producer.stop();
    await log.close();
    await kafka.close();
  }
  return row;
}

// Writes the archive of classes, where there is none.
await (await startOwnKafka()).close();
for (let round = 1; round <= rounds; round += 1) {
  const rows: string[][] = [];
  for (const [name, compiler] of Object.entries(compilers)) rows.push(await measure(name, compiler));
  const headings = Array.from({ length: windows }, (_, index) => `window ${index + 1}`);
  printTable([`round ${round}: records/s (broker’s CPU s per 1,000)`, 'start s', ...headings], rows);
}
