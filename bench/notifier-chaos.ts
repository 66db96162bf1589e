/**
 * `node bench/notifier-chaos.ts [outcomes]`: kills the notifier three times (SIGKILL) while it delivers a burst of
 * outcomes, some of them to receivers that fail, and counts what arrived how often.
 */
import { eventually, webhookReceiver, type ReceivedRequest, type WebhookReceiver } from '@nask/testkit';
import { startNotifier } from '../services/notifier/src/fixtures/notifier-harness.ts';
import { onServers } from './servers.ts';

interface ChaosReport {
  outcomes: number;
  kills: number;
  /** Outcomes for receivers that work, and how many of them did not arrive. */
  expected: number;
  missing: number;
  /** Requests that brought an outcome to a receiver that had accepted it before. */
  repeats: number;
  /** Outcomes that came with more than one webhook-id, or more than one body. */
  unlike: number;
  seconds: number;
}

const workingReceivers = 4;
const kills = 3;

/** Of ten outcomes eight go to receivers that work, one to one that works at the second attempt, one to one that never does. */
export async function killTheNotifier(outcomes: number): Promise<ChaosReport> {
  const startedMs = Date.now();
  const given = await startNotifier('chaos', {
    NOTIFY_RETRY_DELAYS_MS: '500,1000,2000',
    NOTIFY_MAX_ATTEMPTS: '6',
    NOTIFIER_BREAKER_OPEN_MS: '500',
    NOTIFIER_BREAKER_FAILURES: '20',
  });
  const working = await Promise.all(Array.from({ length: workingReceivers }, () => webhookReceiver()));
  const seen = new Set<string>();
  const flaky = await webhookReceiver(({ headers }) => {
    const id = String(headers['webhook-id']);
    if (seen.has(id)) return {};
    seen.add(id);
    return { status: 503 };
  });
  const dead = await webhookReceiver(() => ({ status: 503 }));
  const receivers = [...working, flaky];
  try {
    const urls = [...working, ...working, flaky, dead].map(({ url }) => url);
    const tasks = urls.flatMap((url) => given.outcomes(Math.ceil(outcomes / urls.length), url));
    const expected = new Set(tasks.filter(({ notify_url: url }) => url !== dead.url).map(({ task_id: id }) => id));
    // In turn, so that every kind is under way at every time.
    const shuffled = tasks
      .map((task, n) => ({ task, at: n % (tasks.length / urls.length) }))
      .sort((a, b) => a.at - b.at);
    const published = Promise.all(shuffled.map(({ task }) => given.publish(task)));
    const arrived = () => new Set(receivers.flatMap(accepted).map(idOf));

    for (let kill = 1; kill <= kills; kill += 1) {
      const enough = Math.floor((expected.size * kill) / (kills + 1));
      await eventually(
        () => {
          if (arrived().size < enough) throw new Error(`${arrived().size} of ${enough}`);
        },
        { timeoutMs: 120_000, intervalMs: 5 },
      );
      await given.notifier.kill('SIGKILL');
      await given.notifier.start();
    }
    await published;
    await eventually(
      () => {
        if (arrived().size < expected.size) throw new Error(`${arrived().size} of ${expected.size} arrived`);
      },
      { timeoutMs: 180_000 },
    ).catch(() => undefined);

    const all = arrived();
    const requests = receivers.flatMap(accepted);
    const forms = Map.groupBy(requests, idOf);
    return {
      outcomes: tasks.length,
      kills,
      expected: expected.size,
      missing: [...expected].filter((id) => !all.has(id)).length,
      repeats: requests.length - all.size,
      unlike: [...forms.values()].filter((same) => new Set(same.map(formOf)).size > 1).length,
      seconds: (Date.now() - startedMs) / 1000,
    };
  } finally {
    await given.close();
    await Promise.all([...receivers, dead].map((receiver) => receiver.close()));
  }

  /** The requests that a receiver answered 200. */
  function accepted(receiver: WebhookReceiver): readonly ReceivedRequest[] {
    if (receiver !== flaky) return receiver.requests;
    const first = new Set<string>();
    return receiver.requests.filter(({ headers }) => {
      const id = String(headers['webhook-id']);
      if (first.has(id)) return true;
      first.add(id);
      return false;
    });
  }
}

const idOf = ({ json }: ReceivedRequest) => (json as { id: number }).id;
const formOf = ({ headers, body }: ReceivedRequest) => `${String(headers['webhook-id'])} ${body}`;

if (import.meta.main)
  await onServers(async () => {
    const report = await killTheNotifier(Number(process.argv[2] ?? 5_000));
    console.log(
      `${report.outcomes} outcomes, notifier killed ${report.kills} times: ${report.missing} of ${report.expected} missing, ` +
        `${report.repeats} repeats, ${report.unlike} of them with another webhook-id or body; ${report.seconds.toFixed(0)} s`,
    );
    if (report.missing > 0 || report.unlike > 0) process.exitCode = 1;
  });
