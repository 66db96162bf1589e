/** What servers written in Java share: the download by Maven, and a JVM with a small footprint that starts fast. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { pidFile } from '../processes/pid-files.ts';
import { runCommand } from '../processes/run-command.ts';
import type { Progress, ServerFolders } from '../server.ts';
import { installOnce, isInstalled } from './install-cache.ts';
import { findJava, findMaven, required, type MissingTool } from './tools.ts';

/** The quick compiler (C1) alone: starts fastest, for a program that ends soon or has little to do. */
export const quickCompiler = ['-XX:TieredStopAtLevel=1'];

/**
 * Both compilers, the optimising one (C2) for methods that are called some 40 % as often as HotSpot's defaults ask (5,000,
 * 600 and 15,000), and C1 without its slow counters (tier 3) where C2 has work waiting. A broker is warm sooner than with the
 * defaults, and then takes two thirds of the CPU that it takes with C1 alone. `npm run bench -- broker` compares the three.
 */
export const earlyOptimisingCompiler = [
  '-XX:Tier3DelayOn=0',
  '-XX:Tier4InvocationThreshold=2000',
  '-XX:Tier4MinInvocationThreshold=400',
  '-XX:Tier4CompileThreshold=5000',
];

/**
 * Flags of a JVM that leaves the machine to others: the simplest collector, a small heap.
 * @param options.compiler how its code is compiled: `quickCompiler` unless another is named
 */
export function smallJvm(options: { heapMb: number; compiler?: readonly string[] }): string[] {
  const { heapMb, compiler = quickCompiler } = options;
  return [`-Xmx${heapMb}m`, '-XX:+UseSerialGC', ...compiler, '-Djava.awt.headless=true'];
}

/** A Java program in the cache, and the Java that runs it. */
interface JavaInstall {
  /** The folder of the program in the cache. */
  readonly folder: string;
  /** See Server. */
  missingTools(): Promise<MissingTool[]>;
  /** Finds Java, and downloads the program unless it is in the cache. */
  install(progress: Progress, signal?: AbortSignal): Promise<void>;
  /** The path of the java program. @throws before install */
  java(): string;
  /**
   * Flags for application class data sharing (JEP 350): a JVM that ends in order writes an archive of the classes it had
   * loaded, and later ones start from it in about half the time. There is one archive for each Java version, and a JVM that
   * it does not fit ignores it.
   */
  archiveFlags(): string[];
  /** Moves an archive that the JVM wrote at its end to its place, for the next start. */
  keepArchive(): void;
}

/**
 * Describes a Java program that Maven's dependency plugin downloads, by a goal on a pom file.
 * @param options.into folder for the output of the goal, in the folder of the program; default: that folder itself
 */
export function javaInstall(options: {
  name: string;
  product: string;
  cacheKey: string;
  download: { pomFile: string; goal: 'copy-dependencies' | 'unpack'; into?: string; sizeMb: number };
  folders: ServerFolders;
}): JavaInstall {
  const { name, product, cacheKey, download, folders } = options;
  const folder = join(folders.cache, cacheKey);
  let java: { program: string; version: string } | undefined;

  async function runMaven(outputFolder: string, signal?: AbortSignal): Promise<void> {
    const maven = required(findMaven(`downloading ${product}`));
    // Quiet, without questions, and with a wrong checksum as an error.
    const flags = ['--quiet', '--batch-mode', '--strict-checksums', '--file', download.pomFile];
    const goal = [`dependency:${download.goal}`, `-DoutputDirectory=${outputFolder}`];
    await runCommand(maven.program, [...flags, ...goal], { pidFile: pidFile(folders.run, `${name}-download`), signal });
  }

  function found(): { program: string; version: string } {
    if (!java) throw new Error('install comes before start');
    return java;
  }

  const archive = () => join(folder, `classes-java-${found().version}.jsa`);
  const newArchive = () => `${archive()}.${process.pid}`;

  return {
    folder,
    async missingTools() {
      const checks = [await findJava(product)];
      if (!isInstalled(folders.cache, cacheKey)) checks.push(findMaven(`downloading ${product}`));
      return checks.flatMap(({ missing }) => (missing ? [missing] : []));
    },
    async install(progress, signal) {
      java = required(await findJava(product));
      await installOnce(folders.cache, cacheKey, async (target) => {
        progress(`downloading (${download.sizeMb} MB)`);
        await runMaven(join(target, download.into ?? ''), signal);
      });
    },
    java: () => found().program,
    archiveFlags: () => [
      existsSync(archive()) ? `-XX:SharedArchiveFile=${archive()}` : `-XX:ArchiveClassesAtExit=${newArchive()}`,
    ],
    keepArchive: () => {
      // The rename publishes it as a whole. Without it the next start is slower, no more.
      if (existsSync(newArchive())) renameSync(newArchive(), archive());
    },
  };
}
