import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';

type Environment = Record<string, string | undefined>;

/** A program that the machine lacks, said so that a person can act on it. */
export interface MissingTool {
  /** What and which version: 'Java 17 or newer'. */
  readonly tool: string;
  /** What was found instead, if anything: 'Java 11 is at /usr/bin/java'. */
  readonly found?: string;
  readonly neededFor: string;
  readonly howToGet: string;
}

/** Names everything that is missing at once. */
export class MissingToolsError extends Error {
  readonly code = 'MISSING_TOOLS';
  readonly missing: readonly MissingTool[];

  constructor(missing: readonly MissingTool[]) {
    const lines = missing.map(
      ({ tool, found, neededFor, howToGet }) =>
        `  - ${tool}, for ${neededFor}${found ? ` (${found})` : ''}.\n    Get it with: ${howToGet}`,
    );
    super(`This machine lacks what the local servers need:\n${lines.join('\n')}`);
    this.name = 'MissingToolsError';
    this.missing = missing;
  }
}

type ToolCheck =
  | { readonly program: string; readonly version: string; readonly missing?: undefined }
  | { readonly missing: MissingTool };

/** The full path of a program on the PATH. */
export function findOnPath(name: string, env: Environment = process.env): string | undefined {
  return (env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => folder !== '')
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

/** Java 17 or newer: in JAVA_HOME, else on the PATH. */
export async function findJava(neededFor: string, env: Environment = process.env): Promise<ToolCheck> {
  const wanted = {
    tool: 'Java 17 or newer',
    neededFor,
    howToGet: byPlatform('apt-get install openjdk-17-jre-headless', 'brew install openjdk'),
  };
  const atHome = env.JAVA_HOME ? join(env.JAVA_HOME, 'bin', 'java') : undefined;
  const program = atHome && isExecutable(atHome) ? atHome : findOnPath('java', env);
  if (!program) return { missing: wanted };
  // 'openjdk version "17.0.15" …'; Java 8 calls itself "1.8.0".
  const said = await runCommand(program, ['-version'], { env }).catch(() => '');
  const version = /version "(?:1\.)?([^"]+)"/.exec(said)?.[1];
  if (version && Number.parseInt(version, 10) >= 17) return { program, version };
  return { missing: { ...wanted, found: version ? `${program} is Java ${version}` : `${program} does not run` } };
}

/** Apache Maven, which downloads the servers that are written in Java. */
export function findMaven(neededFor: string, env: Environment = process.env): ToolCheck {
  const program = findOnPath('mvn', env);
  if (program) return { program, version: 'any' };
  const howToGet = byPlatform('apt-get install maven', 'brew install maven');
  return { missing: { tool: 'Apache Maven (mvn)', neededFor, howToGet } };
}

/** Python 3.10 or newer that can make virtual environments. */
export async function findPython(neededFor: string, env: Environment = process.env): Promise<ToolCheck> {
  const wanted = {
    tool: 'Python 3.10 or newer with its venv module',
    neededFor,
    howToGet: byPlatform('apt-get install python3-venv', 'brew install python'),
  };
  const program = findOnPath('python3', env);
  if (!program) return { missing: wanted };
  const script = 'import sys, venv, ensurepip; assert sys.version_info >= (3, 10); print(sys.version.split()[0])';
  const version = await runCommand(program, ['-c', script], { env }).catch(() => undefined);
  if (version) return { program, version: version.trim() };
  return { missing: { ...wanted, found: `${program} is older or lacks venv` } };
}

/** The program a check found. @throws MissingToolsError when it found none */
export function required(check: ToolCheck): { program: string; version: string } {
  if (check.missing) throw new MissingToolsError([check.missing]);
  return check;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function byPlatform(debian: string, mac: string): string {
  return process.platform === 'darwin' ? mac : `${debian} (Debian, Ubuntu), or your system's package of that name`;
}
