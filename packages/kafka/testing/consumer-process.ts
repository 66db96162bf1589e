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
}

/** A consumer in a process of its own, to be killed. */
export interface ConsumerProcess {
  /** `partition/offset` of what has ended there, in order; grows. */
  readonly ended: string[];
  /** Ends it, and resolves when it is gone and all that it wrote has been read. */
  end(signal: NodeJS.Signals): Promise<void>;
}

export function startConsumerProcess(options: ConsumerProcessOptions): ConsumerProcess {
  const file = fileURLToPath(new URL('./consumer-process-main.ts', import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(child, 'close');
  const ended: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => ended.push(line));
  return {
    ended,
    async end(signal) {
      child.kill(signal);
      await gone;
    },
  };
}
