import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';

/**
 * Runs a goal of Maven's dependency plugin on a pom file beside this module: quietly, without questions, and with a
 * download of a wrong checksum as an error.
 * @param options.outputFolder where the goal puts what it resolved
 */
export async function runMaven(
  maven: string,
  options: { pom: string; goal: string; outputFolder: string; pidFile: string; signal?: AbortSignal },
): Promise<void> {
  const { pom, goal, outputFolder, pidFile, signal } = options;
  const pomFile = join(import.meta.dirname, '..', pom);
  const flags = ['--quiet', '--batch-mode', '--strict-checksums', '--file', pomFile];
  await runCommand(maven, [...flags, `dependency:${goal}`, `-DoutputDirectory=${outputFolder}`], { pidFile, signal });
}
