/**
 * `node bench/notifier.ts [outcomes]`: deliveries a second, from the burst of outcomes in the log to the last one at the
 * receivers, beside the same number of bare undici POSTs of the same bodies to the same sink in the same run.
 */
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Pool } from 'undici';
import { taskResource } from '@nask/schemas';
import { startNotifier, type NotifierHarness } from '../services/notifier/src/fixtures/notifier-harness.ts';
import { onServers } from './servers.ts';

const hosts = 8;
const connectionsPerHost = 16;

interface Sink {
  urls: string[];
  /** Resolves once so many more requests were answered. */
  next(count: number): Promise<void>;
  close(): void;
}

/** Receivers that read what comes and answer 204: as little of them as can be, since they share the machine. */
async function openSink(): Promise<Sink> {
  let answered = 0;
  let awaited: { count: number; resolve: () => void } | undefined;
  const servers = await Promise.all(
    Array.from({ length: hosts }, async () => {
      const server = createServer((request, response) => {
        request.resume().once('end', () => {
          response.writeHead(204).end();
          answered += 1;
          if (awaited !== undefined && answered >= awaited.count) awaited.resolve();
        });
      });
      server.keepAliveTimeout = 60_000;
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return {
    urls: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`),
    next(count) {
      return new Promise((resolve) => (awaited = { count: answered + count, resolve }));
    },
    close() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function bare(sink: Sink, bodies: readonly string[]): Promise<number> {
  const pools = sink.urls.map((url) => new Pool(url, { connections: connectionsPerHost, pipelining: 1 }));
  const startedMs = performance.now();
  const waiting = bodies.entries();
  const headers = { 'content-type': 'application/json' };
  const post = async () => {
    for (const [n, body] of waiting) {
      const answer = await pools[n % hosts]!.request({ method: 'POST', path: '/', headers, body });
      await answer.body.dump();
    }
  };
  await Promise.all(Array.from({ length: hosts * connectionsPerHost }, post));
  const perSecond = (bodies.length / (performance.now() - startedMs)) * 1_000;
  await Promise.all(pools.map((pool) => pool.close()));
  return perSecond;
}

/** @returns deliveries a second, of a burst that the notifier finds when it begins to read */
async function delivered(given: NotifierHarness, sink: Sink, count: number): Promise<number> {
  const tasks = sink.urls.flatMap((url) => given.outcomes(Math.ceil(count / hosts), url));
  const each = tasks.length / hosts;
  const inTurn = tasks.map((task, n) => ({ task, at: n % each })).sort((a, b) => a.at - b.at);
  const done = sink.next(tasks.length);
  const startedMs = performance.now();
  const published = Promise.all(inTurn.map(({ task }) => given.publish(task)));
  await done;
  const perSecond = (tasks.length / (performance.now() - startedMs)) * 1_000;
  await published;
  return perSecond;
}

function bodyOf(given: NotifierHarness, url: string): string {
  const [task] = given.outcomes(1, url);
  return JSON.stringify(
    taskResource({
      id: task!.task_id,
      type: task!.type,
      status: task!.outcome,
      notifyUrl: url,
      payloadJson: task!.payload,
      resultJson: task!.result,
      createdAtMs: task!.requested_at,
      startedAtMs: task!.started_at,
      completedAtMs: task!.completed_at,
    }),
  );
}

if (import.meta.main)
  await onServers(async () => {
    const count = Number(process.argv[2] ?? 5_000);
    const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
    const given = await startNotifier('bench', { WEBHOOK_SECRETS: secret, LOG_LEVEL: 'warn' });
    const sink = await openSink();
    try {
      const bodies = Array.from({ length: count }, (_, n) => bodyOf(given, sink.urls[n % hosts]!));
      await bare(sink, bodies.slice(0, 500));
      await delivered(given, sink, 500);
      // In turn, so that what else the machine does falls on both.
      for (let round = 1; round <= 3; round += 1) {
        const ofNotifier = await delivered(given, sink, count);
        const ofUndici = await bare(sink, bodies);
        console.log(
          `round ${round}: ${ofNotifier.toFixed(0)} deliveries/s by the notifier, ${ofUndici.toFixed(0)} bare POSTs/s: ` +
            `${((100 * ofNotifier) / ofUndici).toFixed(0)} %`,
        );
      }
    } finally {
      await given.close();
      sink.close();
    }
  });
