import { spawnService, type ServiceUnderTest } from '@nask/testkit';

/** An executor that was killed, and when, in ms since 1970. */
export interface Kill {
  executor: string;
  atMs: number;
}

/** Several executors of one system, which come and go. */
export class ExecutorFleet {
  readonly kills: Kill[] = [];
  gracefulChanges = 0;
  readonly #executors: ServiceUnderTest[];

  private constructor(executors: ServiceUnderTest[]) {
    this.#executors = executors;
  }

  /** @param env settings of each of them, as startSystem gives them to the services */
  static async start(size: number, env: Record<string, string>): Promise<ExecutorFleet> {
    const executors = Array.from({ length: size }, (_, i) =>
      spawnService('executor', { ...env, EXECUTOR_NAME: nameOf(i) }),
    );
    const started = await Promise.allSettled(executors);
    const fleet = new ExecutorFleet(started.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : [])));
    const failed = started.find((each) => each.status === 'rejected');
    if (failed === undefined) return fleet;
    await fleet.close();
    throw failed.reason;
  }

  /** One leaves as SIGTERM makes it and is back. */
  async restart(index: number): Promise<void> {
    const executor = this.#executors[index]!;
    await executor.stop();
    await executor.start();
    this.gracefulChanges += 2;
  }

  /** One is killed by SIGKILL and is back. */
  async kill(index: number): Promise<void> {
    const executor = this.#executors[index]!;
    this.kills.push({ executor: nameOf(index), atMs: Date.now() });
    await executor.kill('SIGKILL');
    await executor.start();
  }

  async close(): Promise<void> {
    await Promise.all(this.#executors.map((executor) => executor.close()));
  }
}

function nameOf(index: number): string {
  return `executor-${index + 1}`;
}
