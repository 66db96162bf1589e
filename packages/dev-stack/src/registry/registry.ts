import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { classArchive } from '../installs/class-archive.ts';
import { installOnce, isInstalled } from '../installs/install-cache.ts';
import { manageProcess } from '../processes/managed-process.ts';
import { runMaven } from '../installs/maven.ts';
import { pidFile } from '../processes/pid-files.ts';
import { smallJvm } from '../installs/java.ts';
import type { Progress, Server, ServerFolders } from '../server.ts';
import { findJava, findMaven, required, type ToolCheck } from '../installs/tools.ts';

const product = 'Apicurio Registry 3.0.9';
const cacheKey = 'apicurio-registry-3.0.9';

/** The Apicurio schema registry with Confluent's API, its schemas in an H2 file in the data folder. */
export function createRegistry({ folders, port }: { folders: ServerFolders; port: number }): Server {
  const installed = join(folders.cache, cacheKey);
  const dataFolder = join(folders.data, 'registry');
  const address = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  let java: { program: string; version: string } | undefined;

  async function missingTools() {
    const checks: ToolCheck[] = [await findJava(product)];
    if (!isInstalled(folders.cache, cacheKey)) checks.push(findMaven(`downloading ${product}`));
    return checks.flatMap(({ missing }) => (missing ? [missing] : []));
  }

  async function install(progress: Progress, signal?: AbortSignal): Promise<void> {
    java = required(await findJava(product));
    await installOnce(folders.cache, cacheKey, async (outputFolder) => {
      progress('downloading (104 MB)');
      const maven = required(findMaven(`downloading ${product}`));
      const goal = { pom: 'registry/pom.xml', goal: 'unpack', outputFolder };
      await runMaven(maven.program, { ...goal, pidFile: pidFile(folders.run, 'registry-download'), signal });
    });
    await mkdir(dataFolder, { recursive: true });
  }

  const archive = (javaVersion: string) => classArchive(installed, javaVersion);
  const registry = manageProcess({
    name: 'registry',
    logFile: join(folders.logs, 'registry.log'),
    pidFile: pidFile(folders.run, 'registry'),
    startTimeoutMs: 60_000,
    stopTimeoutMs: 15_000,
    command: () => {
      if (!java) throw new Error('install comes before start');
      return { file: java.program, args: [...archive(java.version).flags(), ...jvmArguments()], cwd: dataFolder };
    },
    probe: async (signal) => {
      const response = await fetch(`${address}/subjects`, { signal });
      if (!response.ok) throw new Error(`GET /subjects answered ${response.status}`);
    },
  });
  registry.onExit(() => java && archive(java.version).keep());

  function jvmArguments(): string[] {
    return [
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
      join(installed, 'apicurio-registry-app-3.0.9-runner.jar'),
    ];
  }

  return { ...registry, name: 'registry', product, port, ports: [port], address, missingTools, install };
}
