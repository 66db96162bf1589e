import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { javaInstall, smallJvm } from '../installs/java.ts';
import { manageProcess } from '../processes/managed-process.ts';
import { pidFile } from '../processes/pid-files.ts';
import type { Server, ServerFolders } from '../server.ts';

const product = 'Apicurio Registry 3.0.9';

/** The Apicurio schema registry with Confluent's API, its schemas in an H2 file in the data folder. */
export function createRegistry({ folders, port }: { folders: ServerFolders; port: number }): Server {
  const dataFolder = join(folders.data, 'registry');
  const address = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  const program = javaInstall({
    name: 'registry',
    product,
    cacheKey: 'apicurio-registry-3.0.9',
    download: { pomFile: join(import.meta.dirname, 'pom.xml'), goal: 'unpack', sizeMb: 104 },
    folders,
  });

  const registry = manageProcess({
    name: 'registry',
    logFile: join(folders.logs, 'registry.log'),
    pidFile: pidFile(folders.run, 'registry'),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 15_000,
    command: () => ({
      file: program.java(),
      args: [
        ...program.archiveFlags(),
        ...smallJvm({ heapMb: 256 }),
        '-Dquarkus.http.host=127.0.0.1',
        `-Dquarkus.http.port=${port}`,
        '-Dquarkus.http.access-log.enabled=false',
        // Its own format has a typing error in the date: YYYY-MMx-dd.
        '-Dquarkus.log.console.format=%d{yyyy-MM-dd HH:mm:ss,SSS} %p [%c] (%t) %m%n',
        // H2 writes behind by half a second, and what it acknowledged meanwhile dies with a killed process.
        `-Dapicurio.datasource.url=jdbc:h2:file:${join(dataFolder, 'registry')};WRITE_DELAY=0`,
        '-Dapicurio.datasource.jdbc.initial-size=2',
        '-Dapicurio.datasource.jdbc.min-size=2',
        '-jar',
        join(program.folder, 'apicurio-registry-app-3.0.9-runner.jar'),
      ],
      cwd: dataFolder,
    }),
    probe: async (signal) => {
      const response = await fetch(`${address}/subjects`, { signal });
      if (!response.ok) throw new Error(`GET /subjects answered ${response.status}`);
    },
  });
  registry.onExit(program.keepArchive);

  return {
    ...registry,
    name: 'registry',
    product,
    port,
    ports: [port],
    address,
    missingTools: program.missingTools,
    install: async (progress, signal) => {
      await program.install(progress, signal);
      await mkdir(dataFolder, { recursive: true });
    },
  };
}
