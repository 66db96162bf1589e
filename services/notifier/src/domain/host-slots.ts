import { onAbort } from './on-abort.ts';

export interface HostSlots {
  /**
   * Runs the work as soon as its host and all hosts together have room. Work for one host keeps its order; hosts take
   * turns.
   * @param signal gives up waiting; work that has begun is its own business
   * @throws the signal's reason when it was aborted before the work began
   */
  run<T>(host: string, signal: AbortSignal, work: () => Promise<T>): Promise<T>;
  /** Begins nothing more, not even what waits. Resolves once all that runs has ended. */
  close(): Promise<void>;
  /** How much work is running. */
  running(): number;
  /** How much work is waiting. The caller bounds it. */
  waiting(): number;
}

interface Host {
  running: number;
  /** In order of arrival; each is called once its turn has come. */
  readonly waiters: Set<() => void>;
}

/**
 * Limits how much runs at once, in all and for each host, so that a slow host takes its own share and no more.
 * Knows only the hosts for which something runs or waits.
 */
export function createHostSlots(limits: { maxRunning: number; maxRunningPerHost: number }): HostSlots {
  const hosts = new Map<string, Host>();
  /** Hosts with someone waiting and room of their own, in the order of their turns. */
  const ready = new Set<Host>();
  let running = 0;
  let waiting = 0;
  const closing = { asked: false, done: Promise.withResolvers<void>() };

  function hasRoom(host: Host): boolean {
    return !closing.asked && running < limits.maxRunning && host.running < limits.maxRunningPerHost;
  }

  function take(host: Host): void {
    host.running += 1;
    running += 1;
  }

  function giveBack(name: string, host: Host): void {
    host.running -= 1;
    running -= 1;
    refreshReady(host);
    forgetIfIdle(name, host);
    if (closing.asked) resolveWhenIdle();
    else grantNext();
  }

  function resolveWhenIdle(): void {
    if (running === 0) closing.done.resolve();
  }

  function grantNext(): void {
    for (const host of ready) {
      if (running >= limits.maxRunning) return;
      const [next] = host.waiters;
      if (next === undefined) throw new Error('A host without waiters is never ready');
      ready.delete(host);
      next();
      refreshReady(host);
    }
  }

  function refreshReady(host: Host): void {
    if (host.waiters.size > 0 && host.running < limits.maxRunningPerHost) ready.add(host);
    else ready.delete(host);
  }

  function forgetIfIdle(name: string, host: Host): void {
    if (host.running === 0 && host.waiters.size === 0) hosts.delete(name);
  }

  function turn(name: string, host: Host, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        stopListening();
        host.waiters.delete(grant);
        waiting -= 1;
      };
      const grant = (): void => {
        leave();
        take(host);
        resolve();
      };
      const abort = (): void => {
        leave();
        refreshReady(host);
        forgetIfIdle(name, host);
        reject(signal.reason as Error);
      };
      const stopListening = onAbort(signal, abort);
      host.waiters.add(grant);
      waiting += 1;
      refreshReady(host);
    });
  }

  return {
    async run(name, signal, work) {
      signal.throwIfAborted();
      const host = hosts.get(name) ?? { running: 0, waiters: new Set() };
      hosts.set(name, host);
      if (hasRoom(host)) take(host);
      else await turn(name, host, signal);
      try {
        return await work();
      } finally {
        giveBack(name, host);
      }
    },
    close() {
      closing.asked = true;
      resolveWhenIdle();
      return closing.done.promise;
    },
    running: () => running,
    waiting: () => waiting,
  };
}
