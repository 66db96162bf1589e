import { join } from 'node:path';
import { cacheFolder, installOnce } from '../../local/stack/install-cache.ts';
import { runCommand } from '../../local/stack/run-command.ts';
import { findPython, required } from '../../local/stack/tools.ts';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** A record as a subscriber that knows nothing of this project sees it. */
export interface StrangersRecord {
  partition: number;
  offset: number;
  key: string;
  headers: Record<string, string>;
  value: Record<string, unknown>;
}

const client = 'confluent-kafka';
const version = '2.16.1';

/**
 * All records of a topic, read by another client in another language (librdkafka in Python) and decoded with what the
 * registry says.
 */
export async function readAsStranger(
  brokers: string[],
  registryUrl: string,
  topic: string,
): Promise<StrangersRecord[]> {
  const environment = await installOnce(cacheFolder(), `${client}-${version}`, async (folder) => {
    await runCommand(required(await findPython(`${client} ${version}`)).program, ['-m', 'venv', folder]);
    const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
    await runCommand(join(folder, 'bin', 'python'), [...pip, `${client}[avro,schemaregistry]==${version}`]);
  });
  const script = join(import.meta.dirname, 'stranger.py');
  const { stdout } = await promisify(execFile)(
    join(environment, 'bin', 'python'),
    [script, brokers.join(','), registryUrl, topic],
    { maxBuffer: 64 * 1024 * 1024 },
  );
  return stdout
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as StrangersRecord);
}
