import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cacheFolder,
  createStack,
  freePort,
  serverFolders,
  startGuardian,
  type Addresses,
  type ServerFolders,
  type StackProgress,
} from '@nask/dev-stack';

/** What the real servers of this test run are connected to by. */
export type TestServers = Addresses;

/** The variables that hand the servers of a run over to its tests. */
export const testServerVariables = {
  brokers: 'TEST_KAFKA_BROKERS',
  registryUrl: 'TEST_SCHEMA_REGISTRY_URL',
  mongoUrl: 'TEST_MONGODB_URL',
} as const;

/**
 * The servers of this run, which tests/run.ts started. They are shared by all test files: see isolate.
 * @throws when the test was started without them
 */
export function testServers(env: Record<string, string | undefined> = process.env): TestServers {
  const read = (variable: string): string => {
    const value = env[variable];
    if (!value) throw new Error(`${variable} is not set: start these tests with "npm run test:integration [-- FILE]"`);
    return value;
  };
  return {
    brokers: read(testServerVariables.brokers).split(','),
    registryUrl: read(testServerVariables.registryUrl),
    mongoUrl: read(testServerVariables.mongoUrl),
  };
}

/** The servers as the variables that testServers reads. */
export function testServersEnv({ brokers, registryUrl, mongoUrl }: TestServers): Record<string, string> {
  return {
    [testServerVariables.brokers]: brokers.join(','),
    [testServerVariables.registryUrl]: registryUrl,
    [testServerVariables.mongoUrl]: mongoUrl,
  };
}

/** Names that keep a test file apart from all others on the same servers. */
export interface Isolation {
  /** Begins every topic and registry subject: 'gateway-3f9a1c.'. */
  readonly topicPrefix: string;
  /** Begins every consumer group: 'gateway-3f9a1c.'. */
  readonly groupPrefix: string;
  /** A MongoDB database: 'gateway-3f9a1c'. */
  readonly database: string;
}

const maxNameLength = 30;

/**
 * Unique names for one test file in one run.
 * @param name what the test is about: letters, digits and dashes, at most 30
 */
export function isolate(name: string): Isolation {
  if (!/^[a-z0-9-]+$/i.test(name) || name.length > maxNameLength) {
    throw new Error(`isolate: "${name}" is not 1 to ${maxNameLength} letters, digits and dashes`);
  }
  const unique = `${name}-${randomBytes(4).toString('hex')}`;
  return { topicPrefix: `${unique}.`, groupPrefix: `${unique}.`, database: unique };
}

/** The servers of a test run. */
export interface RunningServers {
  readonly addresses: TestServers;
  readonly logs: string;
  /** Stops them and deletes their data. */
  stop(): Promise<void>;
}

/**
 * Starts Kafka, the registry and the store on free ports with data in a temporary folder. They end when stop is called,
 * and when this process dies.
 */
export async function startServers(progress?: StackProgress, signal?: AbortSignal): Promise<RunningServers> {
  const temporary = await temporaryFolders();
  const { folders } = temporary;
  const ports = {
    kafka: await freePort(),
    kafkaController: await freePort(),
    registry: await freePort(),
    store: await freePort(),
  };
  const stack = createStack({ folders, ports });
  const stop = async () => {
    await stack.stop();
    await temporary.close();
  };
  try {
    await stack.start(progress, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses: stack.addresses, logs: folders.logs, stop };
}

/** Folders for the processes of a test, and their end. */
interface TemporaryFolders {
  readonly folders: ServerFolders;
  /** Deletes them; the processes must have been stopped. */
  close(): Promise<void>;
}

/** Folders that are deleted in the end, and a guardian that ends their processes should this one die. */
export async function temporaryFolders(): Promise<TemporaryFolders> {
  const root = await mkdtemp(join(tmpdir(), 'nask-test-'));
  const folders = serverFolders(root, cacheFolder());
  const guardian = startGuardian(folders.run, { deleteFolder: root });
  return {
    folders,
    close: async () => {
      await guardian.close();
      await rm(root, { recursive: true, force: true });
    },
  };
}
