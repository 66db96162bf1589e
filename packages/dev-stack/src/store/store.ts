import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { installOnce, isInstalled } from '../installs/install-cache.ts';
import { findOnPath, findPython, required, type MissingTool } from '../installs/tools.ts';
import { manageProcess } from '../processes/managed-process.ts';
import { pidFile } from '../processes/pid-files.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Progress, Server, ServerFolders } from '../server.ts';

/** What a store needs to ask who its clients are: files (PEM) for TLS. Its users have to be there already. */
interface StoreSecurity {
  /** The store's key and certificate in one file. */
  readonly certKeyFile: string;
  /** The authority that signed it. */
  readonly caFile: string;
  readonly username: string;
  readonly password: string;
}

/** The document store, by MongoDB's protocol, its data in the data folder. */
export function createStore(options: { folders: ServerFolders; port: number; security?: StoreSecurity }): Server {
  const { folders, port, security } = options;
  const engine = chooseStoreEngine(folders);
  const dataFolder = join(folders.data, engine.dataFolder);
  const address = addressOf(port, security);

  const store = manageProcess({
    name: 'store',
    logFile: join(folders.logs, 'store.log'),
    pidFile: pidFile(folders.run, 'store'),
    startTimeoutMs: 30_000,
    stopTimeoutMs: 15_000,
    command: () => engine.command(port, dataFolder, security),
    probe: () => ping(address),
  });
  return {
    ...store,
    name: 'store',
    product: engine.product,
    port,
    ports: [port],
    address,
    missingTools: () => engine.missingTools(),
    install: async (progress, signal) => {
      await engine.install(progress, signal);
      await mkdir(dataFolder, { recursive: true });
    },
  };
}

function addressOf(port: number, security: StoreSecurity | undefined): string {
  if (security === undefined) return `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const user = `${encodeURIComponent(security.username)}:${encodeURIComponent(security.password)}`;
  const tls = `tls=true&tlsCAFile=${encodeURIComponent(security.caFile)}`;
  return `mongodb://${user}@127.0.0.1:${port}/?directConnection=true&${tls}`;
}

/** MongoDB's own liveness question, by its driver. @throws when it is not answered within a second */
async function ping(url: string): Promise<void> {
  // Loaded at the first start only: the driver takes longer to load than the rest of this package.
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 1000, connectTimeoutMS: 1000 });
  try {
    await client.db('admin').command({ ping: 1 });
  } finally {
    await client.close();
  }
}

/** A program that speaks MongoDB's protocol. Each keeps its own data folder: their files are not the same. */
interface StoreEngine {
  readonly product: string;
  readonly dataFolder: string;
  command(port: number, dataFolder: string, security?: StoreSecurity): { file: string; args: string[] };
  missingTools(): Promise<MissingTool[]>;
  install(progress: Progress, signal?: AbortSignal): Promise<void>;
}

/** A `mongod` on the PATH, else `secantusd-rs` on the PATH, else SecantusDB from PyPI in an environment of its own. */
function chooseStoreEngine(folders: ServerFolders): StoreEngine {
  const mongod = findOnPath('mongod');
  if (mongod) return mongodOnPath(mongod);
  const secantusRust = findOnPath('secantusd-rs');
  return secantusRust ? secantusOnPath(secantusRust) : secantusFromPyPi(folders);
}

const nothingToInstall = { missingTools: async () => [], install: async () => undefined };

function mongodOnPath(file: string): StoreEngine {
  return {
    ...nothingToInstall,
    product: `MongoDB (${file})`,
    dataFolder: 'store-mongod',
    command: (port, dataFolder, security) => {
      const place = ['--bind_ip', '127.0.0.1', '--port', String(port), '--dbpath', dataFolder, '--quiet'];
      const tls = security ? ['--tlsMode', 'requireTLS', '--tlsCertificateKeyFile', security.certKeyFile] : [];
      return { file, args: security ? [...place, '--auth', ...tls] : place };
    },
  };
}

/** Without --sync-on-commit a killed server may have lost writes that it had acknowledged. */
function secantusArguments(port: number, dataFolder: string, security?: StoreSecurity): string[] {
  const place = ['--host', '127.0.0.1', '--port', String(port), '--storage-path', dataFolder];
  const tls = security ? ['--tls-cert-file', security.certKeyFile, '--tls-key-file', security.certKeyFile] : [];
  return [...place, '--sync-on-commit', '--log-level', 'ERROR', ...(security ? ['--auth'] : []), ...tls];
}

function secantusOnPath(file: string): StoreEngine {
  return {
    ...nothingToInstall,
    product: `SecantusDB (${file})`,
    dataFolder: 'store-secantus-rs',
    command: (port, dataFolder, security) => ({ file, args: secantusArguments(port, dataFolder, security) }),
  };
}

function secantusFromPyPi({ cache, run }: ServerFolders): StoreEngine {
  const version = '0.7.0b3';
  const product = `SecantusDB ${version}`;
  const cacheKey = `secantusdb-${version}`;
  const installed = join(cache, cacheKey);
  // Its own search for a configuration file, which would look in the home folder too, ends when one is named.
  const emptyConfig = join(installed, 'empty.toml');

  return {
    product,
    dataFolder: 'store-secantus',
    // By module, not by its script: the script names the folder the environment was made in.
    command: (port, dataFolder, security) => ({
      file: join(installed, 'bin', 'python'),
      args: ['-m', 'secantus', '--config', emptyConfig, ...secantusArguments(port, dataFolder, security)],
    }),
    missingTools: async () => {
      const python = isInstalled(cache, cacheKey) ? undefined : await findPython(product);
      return python?.missing ? [python.missing] : [];
    },
    install: async (progress, signal) => {
      await installOnce(cache, cacheKey, async (folder) => {
        const python = required(await findPython(product));
        const options = { pidFile: pidFile(run, 'store-download'), signal };
        progress('making a Python environment');
        await runCommand(python.program, ['-m', 'venv', folder], options);
        progress('downloading (145 MB installed)');
        const pip = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check'];
        await runCommand(join(folder, 'bin', 'python'), [...pip, `secantusdb==${version}`], options);
        await writeFile(join(folder, 'empty.toml'), '');
      });
    },
  };
}
