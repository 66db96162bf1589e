import { onAbort, type Clock } from '@nask/async';
import { LRUCache } from 'lru-cache';
import {
  countEnd,
  healthAfter,
  healthOfUnknown,
  isHalfOpen,
  isOpen,
  lineMs,
  throughputFrom,
  type HealthRules,
  type HostHealth,
  type RequestEnd,
  type Throughput,
} from './host-health.rules.ts';

/** `busy`: no turn is to be had soon. `broken`: the host's breaker is open. */
export type Refusal = 'busy' | 'broken';

/** A request may run. `leave` is called once it has ended, exactly once. */
export interface Turn {
  leave(end: RequestEnd): void;
}

export interface HostGate {
  /**
   * Asks for a turn at a host, and waits for it when the host, or all hosts together, are at their limit. Refused where
   * waiting makes no sense: nothing at the host has ended for `maxStillMs`, or its line is longer than it gets done in
   * `maxLineMs`. Work for one host keeps its order; hosts take turns.
   * @throws the signal's reason when it fires while waiting
   */
  enter(host: string, signal: AbortSignal): Promise<Turn | Refusal>;
  /** Lets nobody in any more: who waits, waits for the signal. Resolves once all that runs has ended. */
  close(): Promise<void>;
  running(): number;
  waiting(): number;
  /** How many breakers are open, or wait to see. */
  broken(): number;
}

export interface HostGateOptions extends HealthRules {
  /** Requests to all hosts at once. */
  maxRunning: number;
  /** A host at its limit where nothing has ended for so long hangs. */
  maxStillMs: number;
  /**
   * A line that takes longer than this, as fast as the host was in half of that time, is too long. Nobody waits longer.
   * Much longer than what was refused takes to come back, or a host stands idle although there is work for it.
   */
  maxLineMs: number;
  clock: Clock;
}

interface Host {
  readonly name: string;
  health: HostHealth;
  running: number;
  /** When a request last ended, or began after none had run. */
  movedAtMs: number;
  throughput: Throughput;
  /** In order of arrival. */
  readonly waiters: Set<(turn: Turn | Refusal) => void>;
}

/** Hosts without a request whose health is remembered; of more, the one used longest ago is forgotten. */
const maxIdleHosts = 10_000;

/** Limits how much runs at once, in all and for each host, so that a host that hangs takes a small share and no more. */
export function createHostGate(options: HostGateOptions): HostGate {
  const { clock, maxRunning, maxStillMs, maxLineMs } = options;
  const active = new Map<string, Host>();
  const idle = new LRUCache<string, HostHealth>({ max: maxIdleHosts });
  /** Hosts with someone waiting and room of their own, in the order of their turns. */
  const ready = new Set<Host>();
  let running = 0;
  let waiting = 0;
  const closing = { asked: false, done: Promise.withResolvers<void>() };

  function hostOf(name: string): Host {
    const known = active.get(name);
    if (known !== undefined) return known;
    const health = idle.get(name) ?? healthOfUnknown(options);
    const nowMs = clock.nowMs();
    return { name, health, running: 0, movedAtMs: nowMs, throughput: throughputFrom(nowMs), waiters: new Set() };
  }

  function hasOwnRoom({ running, health }: Host): boolean {
    return running < health.limit;
  }

  function isHopeless(host: Host): boolean {
    const hangs = !hasOwnRoom(host) && clock.nowMs() - host.movedAtMs >= maxStillMs;
    return hangs || lineMs(host.throughput, host.waiters.size) > maxLineMs;
  }

  function take(host: Host): Turn {
    active.set(host.name, host);
    if (host.running === 0) host.movedAtMs = clock.nowMs();
    host.running += 1;
    running += 1;
    let left = false;
    return {
      leave(end) {
        if (left) throw new Error('A turn ends once');
        left = true;
        leave(host, end);
      },
    };
  }

  function leave(host: Host, end: RequestEnd): void {
    const nowMs = clock.nowMs();
    host.running -= 1;
    running -= 1;
    host.movedAtMs = nowMs;
    host.throughput = countEnd(host.throughput, nowMs, maxLineMs / 2);
    host.health = healthAfter(host.health, end, nowMs, options);
    if (isOpen(host.health, nowMs)) for (const answer of host.waiters) answer('broken');
    refreshReady(host);
    restIfIdle(host);
    if (closing.asked) resolveWhenDone();
    else grantNext();
  }

  function resolveWhenDone(): void {
    if (running === 0) closing.done.resolve();
  }

  function grantNext(): void {
    for (const host of ready) {
      while (running < maxRunning && hasOwnRoom(host)) {
        const [next] = host.waiters;
        if (next === undefined) break;
        next(take(host));
        // One each, then the next host's turn.
        break;
      }
      ready.delete(host);
      refreshReady(host);
      if (running >= maxRunning) return;
    }
  }

  function refreshReady(host: Host): void {
    if (host.waiters.size > 0 && hasOwnRoom(host)) ready.add(host);
    else ready.delete(host);
  }

  function restIfIdle(host: Host): void {
    if (host.running > 0 || host.waiters.size > 0) return;
    active.delete(host.name);
    idle.set(host.name, host.health);
  }

  function wait(host: Host, signal: AbortSignal): Promise<Turn | Refusal> {
    active.set(host.name, host);
    const sinceMs = clock.nowMs();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        stopListening();
        cancel();
        host.waiters.delete(answer);
        waiting -= 1;
        refreshReady(host);
      };
      const answer = (turn: Turn | Refusal): void => {
        end();
        resolve(turn);
      };
      const stopListening = onAbort(signal, () => {
        end();
        restIfIdle(host);
        reject(signal.reason as Error);
      });
      let cancel = () => {};
      const look = (): void => {
        if (closing.asked) return;
        if (isHopeless(host) || clock.nowMs() - sinceMs >= maxLineMs) {
          answer('busy');
          restIfIdle(host);
        } else cancel = clock.after(maxStillMs, look);
      };
      cancel = clock.after(maxStillMs, look);
      host.waiters.add(answer);
      waiting += 1;
      refreshReady(host);
    });
  }

  return {
    async enter(name, signal) {
      signal.throwIfAborted();
      const host = hostOf(name);
      const nowMs = clock.nowMs();
      if (isOpen(host.health, nowMs)) return 'broken';
      if (isHalfOpen(host.health, nowMs) && host.running > 0) return 'broken';
      if (!closing.asked && running < maxRunning && hasOwnRoom(host)) return take(host);
      if (isHopeless(host)) return 'busy';
      return wait(host, signal);
    },
    close() {
      closing.asked = true;
      resolveWhenDone();
      return closing.done.promise;
    },
    running: () => running,
    waiting: () => waiting,
    broken: () => {
      const all = [...[...active.values()].map(({ health }) => health), ...idle.values()];
      return all.filter(({ openUntilMs }) => openUntilMs > 0).length;
    },
  };
}
