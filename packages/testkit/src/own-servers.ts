import {
  createKafka,
  createRegistry,
  createStore,
  freePort,
  newClusterId,
  type Server,
  type ServerFolders,
} from '@nask/dev-stack';
import { temporaryFolders } from './servers.ts';

/** A server of one test's own, to be killed and started again on the same port and data. */
export interface OwnServer extends Pick<
  Server,
  'address' | 'port' | 'start' | 'stop' | 'kill' | 'signal' | 'pid' | 'logFile'
> {
  /** Stops it for good and deletes its data. Belongs in an afterAll; when the test's process dies it is done as well. */
  close(): Promise<void>;
}

/**
 * A running Kafka; `address` is its host and port.
 * @param options.advertisedPort of a proxy in front of it, which clients connect to
 * @param options.compiler of its JVM, see installs/java.ts of @nask/dev-stack
 */
export function startOwnKafka(
  options: { advertisedPort?: number; compiler?: readonly string[] } = {},
): Promise<OwnServer> {
  return startOwn(async (folders) =>
    createKafka({ folders, port: await freePort(), controllerPort: await freePort(), ...options }),
  );
}

/** A Kafka that also asks its clients who they are. `address` is its open listener, for whoever administers it. */
interface SecuredKafka extends OwnServer {
  /** Host and port for TLS with SASL (SCRAM-SHA-512). */
  readonly saslAddress: string;
  /** Host and port for TLS with a client's certificate. */
  readonly mtlsAddress: string;
}

/**
 * A running Kafka with TLS, SASL and ACLs: who is not anonymous may do what a rule allows.
 * @param certificates the broker's and its authority's, see makeCertificates
 * @param users passwords by name
 */
export async function startSecuredKafka(options: {
  certificates: { readonly caFile: string; readonly serverFile: string };
  users: Readonly<Record<string, string>>;
}): Promise<SecuredKafka> {
  const { certificates, users } = options;
  const [saslPort, mtlsPort] = [await freePort(), await freePort()];
  const { caFile: trustStoreFile, serverFile: keyStoreFile } = certificates;
  const security = { saslPort, mtlsPort, keyStoreFile, trustStoreFile, users };
  const server = await startOwn(async (folders) =>
    createKafka({ folders, port: await freePort(), controllerPort: await freePort(), security }),
  );
  return { ...server, saslAddress: `127.0.0.1:${saslPort}`, mtlsAddress: `127.0.0.1:${mtlsPort}` };
}

/** A running schema registry; `address` is the root of its Confluent API. */
export function startOwnRegistry(): Promise<OwnServer> {
  return startOwn(async (folders) => createRegistry({ folders, port: await freePort() }));
}

/** A running document store; `address` is its MongoDB URL. */
export function startOwnStore(): Promise<OwnServer> {
  return startOwn(async (folders) => createStore({ folders, port: await freePort() }));
}

/**
 * A running document store with TLS that knows one user, who may do everything. `address` has the credentials in it;
 * without them it is `mongodb://127.0.0.1:PORT/?directConnection=true`.
 */
export function startSecuredStore(options: {
  certificates: { readonly caFile: string; readonly serverFile: string };
  username: string;
  password: string;
}): Promise<OwnServer> {
  const { certificates, username, password } = options;
  return startOwn(async (folders) => {
    const port = await freePort();
    const open = createStore({ folders, port });
    await open.install(() => undefined);
    await open.start();
    const { MongoClient } = await import('mongodb');
    const client = new MongoClient(open.address);
    await client.db('admin').command({ createUser: username, pwd: password, roles: ['root'] });
    await client.close();
    await open.stop();
    const { caFile, serverFile: certKeyFile } = certificates;
    return createStore({ folders, port, security: { certKeyFile, caFile, username, password } });
  });
}

async function startOwn(create: (folders: ServerFolders) => Promise<Server>): Promise<OwnServer> {
  const temporary = await temporaryFolders();
  const server = await create(temporary.folders);
  const close = async () => {
    await server.stop();
    await temporary.close();
  };
  try {
    await server.install(() => undefined);
    await server.start();
  } catch (error) {
    await close();
    throw error;
  }
  return { ...server, close };
}

/** Several brokers of one cluster, each a controller too: with three, any one of them may be away. */
export interface OwnKafkaCluster {
  /** Node 1 first. */
  readonly brokers: readonly Pick<Server, 'address' | 'start' | 'kill' | 'pid'>[];
  /** Stops all for good and deletes their data. */
  close(): Promise<void>;
}

/** A running cluster with a given number of brokers. */
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
