import { createStack, freePort, type Stack, type StackProgress } from '@nask/dev-stack';
import type { TestServers } from './servers.ts';
import { temporaryFolders } from './temporary-folders.ts';

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
  const stack: Stack = createStack({ folders, ports });
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
