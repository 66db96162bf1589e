import { join } from 'node:path';
import { runCommand } from './run-command.ts';

/**
 * Runs a goal of Maven's dependency plugin on a pom file beside this module: quietly, without questions, and with a
 * download of a wrong checksum as an error.
 * @param outputFolder where the goal puts what it resolved
 */
export async function runMaven(
  maven: string,
  { pom, goal, outputFolder, signal }: { pom: string; goal: string; outputFolder: string; signal?: AbortSignal },
): Promise<void> {
  const pomFile = join(import.meta.dirname, pom);
  const flags = ['--quiet', '--batch-mode', '--strict-checksums', '--file', pomFile];
  await runCommand(maven, [...flags, `dependency:${goal}`, `-DoutputDirectory=${outputFolder}`], { signal });
}
