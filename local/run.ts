/**
 * `npm run contract|projector|service`: a program of ours on the servers that the environment names, else on those of the
 * system that `npm start` runs here. Usage: run.ts contract | run.ts projector COMMAND | run.ts service NAME
 */
import { rmSync } from 'node:fs';
import { isServiceName, onParentGone, pidFile, serviceNames, writePidFile, type ServiceName } from '@nask/dev-stack';
import { foldersOf } from './config.ts';
import { programSettings, settingsIn, type LocalProgram } from './program-settings.ts';
import { environmentOf, readPlace, readRunInfo, type RunInfo } from './running-system.ts';

const serverVariables = ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL', 'MONGODB_URL'] as const;

const commands = new Map(Object.entries({ contract, projector, service }));
const [command = '', ...args] = process.argv.slice(2);
// The programs read their arguments themselves.
process.argv.splice(2, 1);
const run = commands.get(command);
if (run === undefined) {
  console.error(`Usage: run.ts ${[...commands.keys()].join(' | ')}`);
  process.exit(2);
}
await run(args);

/** `npm run contract`: creates the topics and registers the schemas. */
async function contract(args: string[]): Promise<void> {
  if (args.length > 0) {
    console.error(
      'Usage: npm run contract\n' +
        '  creates the topics and registers the schemas, on the system that npm start runs here or on the servers that\n' +
        '  KAFKA_BROKERS and SCHEMA_REGISTRY_URL name. It can be run again at any time, and takes no arguments.',
    );
    process.exit(args[0] === '--help' ? 0 : 2);
  }
  useRunningSystem('npm run contract', 'contract');
  await import('../packages/task-log/src/contract-cli.ts');
}

/** `npm run projector -- COMMAND`: the projector's commands. Without one, or with --help, it prints its usage. */
async function projector([name = '']: string[]): Promise<void> {
  if (/^\w/.test(name)) useRunningSystem('npm run projector', 'projector');
  await import('../services/projector/src/cli.ts');
}

/**
 * `npm run service -- NAME`: one more process of a service, on the Node that the project brings. On the running system its
 * ports are free ones unless PORT and OPS_PORT name others (0 is a free one too), and it ends with the system.
 */
async function service(args: string[]): Promise<void> {
  const [name] = args;
  if (args.length !== 1 || !isServiceName(name)) {
    console.error(`Usage: npm run service -- ${serviceNames.join(' | ')}`);
    process.exit(2);
  }
  const command = `npm run service -- ${name}`;
  if (useRunningSystem(command, name) !== undefined) {
    recordProcess(name, foldersOf(readPlace(command)).run);
    for (const port of ['PORT', 'OPS_PORT']) process.env[port] ||= '0';
  }
  // The service drains as it does when its terminal is closed.
  onParentGone(() => process.kill(process.pid, 'SIGHUP'));
  await import(`../services/${name}/src/main.ts`);
}

/** With a pid file in the run folder, the end of the system (or its guardian) ends this process too. */
function recordProcess(name: ServiceName, runFolder: string): void {
  const file = pidFile(runFolder, `${name}-${process.pid}`);
  writePidFile(file, process.pid);
  process.on('exit', () => rmSync(file, { force: true }));
}

/**
 * Selects the servers of a command: those that the environment names, else those of the system that `npm start` runs here,
 * whose settings for this program become the defaults of the environment. Without either, prints a message and exits with
 * code 1.
 * @param program whose settings the command has
 * @returns the system that runs here, if the command works on it
 */
function useRunningSystem(command: string, program: LocalProgram): RunInfo | undefined {
  const settings = readPlace(command);
  const running = readRunInfo(foldersOf(settings).root);
  const variables = serverVariables.filter((name) => name in programSettings[program].table);
  const named = variables.filter((name) => settings[name] !== undefined);
  if (running !== undefined) {
    const addresses = environmentOf(running);
    // Servers of two systems are not mixed: a variable that names another server leaves all to the environment.
    if (named.some((name) => String(settings[name]) !== addresses[name])) return undefined;
    const given = settingsIn(process.env, program);
    Object.assign(process.env, addresses, running.settings[program], given);
    console.error(`${command}: on the system that npm start runs here (Kafka ${addresses.KAFKA_BROKERS}).`);
    return running;
  }
  if (named.length > 0) return undefined;
  console.error(
    `${command}: no system runs here, or it is still starting. Start one in another terminal (npm start), ` +
      `or name other servers: ${variables.join(', ')}.`,
  );
  return process.exit(1);
}
