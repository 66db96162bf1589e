import { fork } from 'node:child_process';
import { once } from 'node:events';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServiceUnderTest } from '@nask/testkit';

/** CPU time that a process has used since it began, and memory that it has now. */
interface Usage {
  cpuSeconds: number;
  rssBytes: number;
}

/** A server that is measured: a process of its own. */
export interface Target {
  readonly url: string;
  usage(): Promise<Usage>;
  close(): Promise<void>;
}

/** The gateway, which tells its usage in its metrics. */
export function gatewayTarget({ url, opsUrl, close }: ServiceUnderTest): Target {
  return {
    url,
    close,
    async usage() {
      const metrics = await (await fetch(`${opsUrl}/metrics`)).text();
      const figure = (name: string) => Number(new RegExp(`^${name}(?:\\{.*\\})? (\\S+)`, 'm').exec(metrics)?.[1]);
      return { cpuSeconds: figure('process_cpu_seconds_total'), rssBytes: figure('process_resident_memory_bytes') };
    },
  };
}

/** A Koa of koa-target.ts. It logs to a file, as a service that is spawned does. */
export async function koaTarget(kind: 'bare' | 'floor', folder: string): Promise<Target> {
  const log = await open(join(folder, `${kind}.log`), 'w');
  const child = fork(join(import.meta.dirname, 'koa-target.ts'), [kind], {
    stdio: ['ignore', log.fd, 'inherit', 'ipc'],
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}`,
    async usage() {
      child.send('usage');
      const [usage] = (await once(child, 'message')) as [Usage];
      return usage;
    },
    async close() {
      child.disconnect();
      await once(child, 'exit');
      await log.close();
    },
  };
}
