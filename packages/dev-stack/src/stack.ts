import { createKafka } from './kafka/kafka.ts';
import { createRegistry } from './registry/registry.ts';
import type { Server, ServerFolders, ServerName } from './server.ts';
import { createStore } from './store/store.ts';
import { MissingToolsError } from './installs/tools.ts';

/** What clients of the three servers connect to. */
export interface Addresses {
  readonly brokers: string[];
  /** The root of Confluent's API. */
  readonly registryUrl: string;
  readonly mongoUrl: string;
}

/** Told what each server does just now. */
export type StackProgress = (server: Server, step: string) => void;

/** The real servers that a system on one machine runs on. */
export interface Stack {
  /** Those that are ours to run; one that is given from outside is not among them. */
  readonly servers: readonly Server[];
  readonly addresses: Addresses;
  /** Installs and starts all of them side by side. @throws MissingToolsError naming all that is missing */
  start(progress?: StackProgress, signal?: AbortSignal): Promise<void>;
  /** Stops them, the broker last. */
  stop(): Promise<void>;
}

/**
 * Puts the stack together: nothing is started yet.
 * @param external servers that run already, used instead of our own
 */
export function createStack(options: {
  folders: ServerFolders;
  ports: { kafka: number; kafkaController: number; registry: number; store: number };
  external?: { brokers?: string[]; registryUrl?: string; mongoUrl?: string };
}): Stack {
  const { folders, ports, external = {} } = options;
  const kafka = external.brokers
    ? undefined
    : createKafka({ folders, port: ports.kafka, controllerPort: ports.kafkaController });
  const registry = external.registryUrl ? undefined : createRegistry({ folders, port: ports.registry });
  const store = external.mongoUrl ? undefined : createStore({ folders, port: ports.store });
  const servers = [kafka, registry, store].filter((server) => server !== undefined);

  return {
    servers,
    addresses: {
      brokers: external.brokers ?? [address(kafka)],
      registryUrl: external.registryUrl ?? address(registry),
      mongoUrl: external.mongoUrl ?? address(store),
    },
    start: async (progress, signal) => {
      const missing = (await Promise.all(servers.map((server) => server.missingTools()))).flat();
      if (missing.length > 0) throw new MissingToolsError(mergeByTool(missing));
      await settled(
        servers.map(async (server) => {
          await server.install((step) => progress?.(server, step), signal);
          signal?.throwIfAborted();
          progress?.(server, 'starting');
          await server.start();
          progress?.(server, 'ready');
        }),
      );
    },
    stop: async () => {
      const isLast = (name: ServerName) => name === 'kafka';
      await Promise.all(servers.filter(({ name }) => !isLast(name)).map((server) => server.stop()));
      await Promise.all(servers.filter(({ name }) => isLast(name)).map((server) => server.stop()));
    },
  };
}

/** Waits for all, then fails with the first failure: nothing is left running behind the caller's back. */
async function settled(promises: Promise<void>[]): Promise<void> {
  const failure = (await Promise.allSettled(promises)).find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

/** One line a tool, though several servers want it. */
function mergeByTool<T extends { tool: string; neededFor: string }>(missing: T[]): T[] {
  const byTool = Map.groupBy(missing, ({ tool }) => tool);
  return [...byTool.values()].map((same) => ({
    ...(same[0] as T),
    neededFor: same.map(({ neededFor }) => neededFor).join(' and '),
  }));
}

function address(server: Server | undefined): string {
  if (!server) throw new Error('a server that is not given from outside is one of ours');
  return server.address;
}
