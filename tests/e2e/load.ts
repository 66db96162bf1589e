import { setInterval } from 'node:timers/promises';
import type { Client } from './system.ts';

/** What the end-to-end tests post, and what they expect of it. */
export interface Posted {
  type: 'sleep' | 'prime' | 'fibonacci';
  input: number;
  expected: unknown;
}

const knownPrimes: readonly (readonly [number, number])[] = [
  [1, 2],
  [10, 29],
  [100, 541],
  [1_000, 7_919],
  [10_000, 104_729],
  [100_000, 1_299_709],
];

const knownFibonaccis: readonly (readonly [number, string])[] = [
  [0, '0'],
  [1, '1'],
  [50, '12586269025'],
  [101, '573147844013817084101'],
];

/** `count` tasks of all types, small and larger ones, in a fixed order. */
export function mixedTasks(count: number): Posted[] {
  return Array.from({ length: count }, (_, i): Posted => {
    const turn = Math.floor(i / 3);
    if (i % 3 === 0) {
      const seconds = (turn % 8) / 10;
      return { type: 'sleep', input: seconds, expected: seconds };
    }
    if (i % 3 === 1) {
      const [n, prime] = knownPrimes[turn % knownPrimes.length]!;
      return { type: 'prime', input: n, expected: prime };
    }
    const [n, number] = knownFibonaccis[turn % knownFibonaccis.length]!;
    return { type: 'fibonacci', input: n, expected: number };
  });
}

/** Tasks that are posted at a steady rate until it is stopped. */
interface SteadyLoad {
  /** @returns what was accepted, by id. @throws when a POST was answered with anything but 202 */
  stop(): Promise<Map<number, Posted>>;
}

const ticksPerSecond = 10;
const oneInSoManyIsLong = 20;
const longSeconds = 5;

/** Mixed tasks: short ones, and now and then a sleep that outlives the executor that begins it. */
export function steadyLoad(client: Client, tasksPerSecond: number): SteadyLoad {
  const stopping = new AbortController();
  const accepted = new Map<number, Posted>();
  const tasks = mixedTasks(300).map((task, i): Posted => {
    const isLong = i % oneInSoManyIsLong === 0;
    return isLong ? { type: 'sleep', input: longSeconds, expected: longSeconds } : task;
  });

  async function post(task: Posted): Promise<void> {
    const { status, body } = await client.post({ type: task.type, payload: { input: task.input } });
    if (status !== 202) throw new Error(`a POST was answered ${status}: ${JSON.stringify(body)}`);
    accepted.set(body.id, task);
  }

  async function run(): Promise<void> {
    const posts: Promise<void>[] = [];
    for await (const _ of setInterval(1_000 / ticksPerSecond)) {
      if (stopping.signal.aborted) break;
      for (let i = 0; i < tasksPerSecond / ticksPerSecond; i += 1)
        posts.push(post(tasks[posts.length % tasks.length]!));
    }
    await Promise.all(posts);
  }

  const running = run();
  // Told when it is stopped.
  running.catch(() => undefined);
  return {
    async stop() {
      stopping.abort();
      await running;
      return accepted;
    },
  };
}
