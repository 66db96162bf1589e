import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ConsumerProcessOptions {
  brokers: string[];
  topicPrefix: string;
  groupId: string;
  topic: string;
  /** The record at offset 0 of each partition never ends. */
  holdsHead: boolean;
  /** Handlers take a random time up to that. */
  maxWorkMs: number;
  /** Default 6,000. */
  sessionTimeoutMs?: number;
}

/** A consumer in a process of its own, to be killed or suspended. */
export interface ConsumerProcess {
  /** `partition/offset` of what has begun there, in order; grows. */
  readonly began: string[];
  /** `partition/offset` of what has ended there, in order; grows. */
  readonly ended: string[];
  readonly isReady: boolean;
  readonly pid: number | undefined;
  /** Does not wait for the effect, unlike `end`. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it, and resolves when it is gone and all that it wrote has been read. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function startConsumerProcess(options: ConsumerProcessOptions): ConsumerProcess {
  const file = fileURLToPath(new URL('./consumer-process-main.ts', import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  const said = { began: [] as string[], ended: [] as string[], ready: ['false'] };
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [what, value = ''] = line.split(' ');
    said[what as keyof typeof said].push(value);
  });
  return {
    began: said.began,
    ended: said.ended,
    get isReady() {
      return said.ready.at(-1) === 'true';
    },
    pid: child.pid,
    signal: (signal) => void child.kill(signal),
    async end(signal) {
      child.kill(signal);
      await gone;
    },
  };
}
