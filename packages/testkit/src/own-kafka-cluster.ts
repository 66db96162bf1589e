import { createKafka, freePort, newClusterId, type Server } from '@nask/dev-stack';
import { temporaryFolders } from './temporary-folders.ts';

/** Several brokers of one cluster, each a controller too: with three, any one of them may be away. */
export interface OwnKafkaCluster {
  /** Node 1 first. */
  readonly brokers: readonly Pick<Server, 'address' | 'start' | 'kill' | 'pid'>[];
  /** Stops all for good and deletes their data. */
  close(): Promise<void>;
}

/** A running cluster of so many brokers. */
export async function startOwnKafkaCluster(size: number): Promise<OwnKafkaCluster> {
  const clusterId = newClusterId();
  const controllerPorts: number[] = [];
  while (controllerPorts.length < size) controllerPorts.push(await freePort());
  const places = await Promise.all(controllerPorts.map(() => temporaryFolders()));
  const brokers = await Promise.all(
    places.map(async ({ folders }, index) => {
      const membership = { clusterId, nodeId: index + 1, controllerPorts };
      return createKafka({ folders, port: await freePort(), controllerPort: controllerPorts[index]!, membership });
    }),
  );
  const close = async () => {
    await Promise.all(brokers.map((broker) => broker.stop()));
    await Promise.all(places.map((place) => place.close()));
  };
  try {
    for (const broker of brokers) await broker.install(() => undefined);
    // None is ready before most of them are.
    await Promise.all(brokers.map((broker) => broker.start()));
  } catch (error) {
    await close();
    throw error;
  }
  return { brokers, close };
}
