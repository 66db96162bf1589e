import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPython, required } from '@nask/dev-stack';
import { pythonWith } from '../tools.ts';

/** A record as a subscriber that knows nothing of this project sees it. */
interface StrangersRecord {
  partition: number;
  offset: number;
  key: string;
  headers: Record<string, string>;
  value: Record<string, unknown>;
}

/**
 * All records of a topic, read by another client in another language (librdkafka in Python) and decoded with what the
 * registry says.
 */
export async function readAsStranger(
  brokers: string[],
  registryUrl: string,
  topic: string,
): Promise<StrangersRecord[]> {
  const python = await pythonWith('confluent-kafka', '2.16.1', '[avro,schemaregistry]');
  const script = join(import.meta.dirname, 'stranger.py');
  const { stdout } = await promisify(execFile)(python, [script, brokers.join(','), registryUrl, topic], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StrangersRecord);
}

/** What a client in Python did that knows nothing of the API but its OpenAPI document. */
export async function useApiAsStranger(baseUrl: string): Promise<Record<string, unknown>> {
  const { program } = required(await findPython('a client of the API'));
  const { stdout } = await promisify(execFile)(program, [join(import.meta.dirname, 'api_stranger.py'), baseUrl]);
  return JSON.parse(stdout) as Record<string, unknown>;
}
