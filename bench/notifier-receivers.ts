/**
 * `node bench/notifier-receivers.ts [receivers] [outcomes]`: so many receivers, of which a tenth hangs, get so many
 * outcomes each; how long the others wait for theirs, beside the same without the hanging ones.
 */
import { webhookReceiver, type WebhookReceiver } from '@nask/testkit';
import { startNotifier } from '../services/notifier/src/fixtures/notifier-harness.ts';
import { onServers } from './servers.ts';

interface ReceiversReport {
  receivers: number;
  hanging: number;
  /** Until the last of those that work had its outcomes, in ms: while a tenth hangs, and while all work. */
  withHangingMs: number;
  withoutMs: number;
  /** Requests that a hanging receiver had at once, at most. */
  mostAtOnce: number;
  /** Of the notifier, at the end. */
  residentMb: number;
}

export async function withHangingReceivers(receivers: number, outcomesEach: number): Promise<ReceiversReport> {
  const given = await startNotifier('receivers', { NOTIFY_TIMEOUT_MS: '15000' });
  const hanging = Math.floor(receivers / 10);
  const all: WebhookReceiver[] = [];
  const open = async (responder?: Parameters<typeof webhookReceiver>[0]) => {
    const receiver = await webhookReceiver(responder);
    all.push(receiver);
    return receiver;
  };
  try {
    const never = new Promise<object>(() => {});
    const stuck = await Promise.all(Array.from({ length: hanging }, () => open(() => never)));
    const working = await Promise.all(Array.from({ length: receivers - hanging }, () => open()));

    const serve = async (targets: WebhookReceiver[]) => {
      const before = working.map(({ requests }) => requests.length);
      const tasks = Array.from({ length: outcomesEach }, () =>
        targets.map(({ url }) => given.outcomes(1, url)[0]!),
      ).flat();
      const startedMs = performance.now();
      const published = Promise.all(tasks.map((task) => given.publish(task)));
      await Promise.all(
        working.map((receiver, n) => receiver.waitForCount(before[n]! + outcomesEach, { timeoutMs: 120_000 })),
      );
      const tookMs = performance.now() - startedMs;
      await published;
      return tookMs;
    };
    await serve(working);
    const withoutMs = await serve(working);
    const withHangingMs = await serve([...stuck, ...working].sort(() => Math.random() - 0.5));
    return {
      receivers,
      hanging,
      withHangingMs,
      withoutMs,
      mostAtOnce: Math.max(...stuck.map(({ requests }) => requests.length)),
      residentMb: (await given.metric('process_resident_memory_bytes')) / 1024 / 1024,
    };
  } finally {
    await given.close();
    await Promise.all(all.map((receiver) => receiver.close()));
  }
}

if (import.meta.main)
  await onServers(async () => {
    const report = await withHangingReceivers(Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 5));
    console.log(
      `${report.receivers} receivers, ${report.hanging} of them hang: the others had their outcomes in ` +
        `${report.withHangingMs.toFixed(0)} ms, and in ${report.withoutMs.toFixed(0)} ms when nobody hung; ` +
        `at most ${report.mostAtOnce} requests to one that hangs; ${report.residentMb.toFixed(0)} MB`,
    );
  });
