import { readFileSync } from 'node:fs';

/** `COPY`: files of the build context, or of an earlier stage. */
interface Copy {
  /** The stage of `--from`; undefined: the build context. */
  readonly from: string | undefined;
  readonly sources: readonly string[];
  readonly target: string;
}

/** An instruction that changes the files of a stage. */
type FileStep = ({ readonly kind: 'copy' } & Copy) | { readonly kind: 'run'; readonly command: string };

/** What a Dockerfile says between one FROM and the next. */
export interface Stage {
  readonly name: string | undefined;
  /** The image that it begins with. */
  readonly base: string;
  /** An absolute path. */
  readonly folder: string;
  readonly steps: readonly FileStep[];
  readonly environment: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly user: string;
  readonly healthcheck: readonly string[];
}

type OpenStage = { -readonly [Key in keyof Stage]: Stage[Key] } & { steps: FileStep[] };

/**
 * Reads a Dockerfile of the simple kind that ours is.
 * @returns its stages; the last one is the image
 * @throws Error for an instruction, a flag, a form or a variable that it does not know
 */
export function readDockerfile(file: string): readonly Stage[] {
  return parseDockerfile(readFileSync(file, 'utf8'));
}

/** The same, of its text. */
export function parseDockerfile(text: string): readonly Stage[] {
  // BuildKit would ask a registry for the program that a syntax directive names.
  const directive = /^#\s*(syntax|escape|check)\s*=.*/im.exec(text);
  if (directive !== null) throw new Error(`the directive is not known: ${directive[0]}`);
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*(#|$)/.test(line))
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stages: OpenStage[] = [];
  for (const line of lines) readLine(line, stages);
  return stages;
}

function readLine(line: string, stages: OpenStage[]): void {
  const unknown = () => new Error(`the instruction is not known: ${line}`);
  const [, instruction = '', rest = ''] = /^([A-Z]+)\s+(.*?)\s*$/.exec(line) ?? [];
  if (instruction === 'FROM') {
    const [, base, name] = /^([^\s$-]\S*)(?: AS (\S+))?$/.exec(rest) ?? [];
    if (base === undefined) throw unknown();
    stages.push(newStage(base, name));
    return;
  }
  const stage = stages.at(-1);
  if (stage === undefined) throw unknown();
  const words = rest.split(/\s+/);
  const pairs = () =>
    Object.fromEntries(
      rest.match(/(?:[^\s"]|"[^"]*")+/g)!.map((pair) => {
        const [, name, quoted, bare] = /^([\w.]+)=(?:"([^"$]*)"|([^"$]*))$/.exec(pair) ?? [];
        if (name === undefined) throw unknown();
        return [name, quoted ?? bare!];
      }),
    );
  const execForm = (text: string) => {
    if (!text.startsWith('[')) throw unknown();
    return JSON.parse(text) as string[];
  };
  switch (instruction) {
    case 'WORKDIR':
      if (!/^\/[\w./-]*$/.test(rest)) throw unknown();
      stage.folder = rest;
      break;
    case 'COPY': {
      const [, from] = /^--from=(\S+)$/.exec(words[0]!) ?? [];
      const paths = from === undefined ? words : words.slice(1);
      if (paths.length < 2 || paths.some((path) => /^--|[$*?[\]"]/.test(path))) throw unknown();
      stage.steps.push({ kind: 'copy', from, sources: paths.slice(0, -1), target: paths.at(-1)! });
      break;
    }
    case 'RUN':
      if (/^(--|\[|<<)/.test(rest)) throw unknown();
      stage.steps.push({ kind: 'run', command: rest });
      break;
    case 'ENV':
      stage.environment = { ...stage.environment, ...pairs() };
      break;
    case 'LABEL':
      stage.labels = { ...stage.labels, ...pairs() };
      break;
    case 'ENTRYPOINT':
      stage.entrypoint = execForm(rest);
      break;
    case 'CMD':
      stage.command = execForm(rest);
      break;
    case 'HEALTHCHECK': {
      const [, command] = /^(?:--\w[\w-]*=\S+ )*CMD (\[.*)$/.exec(rest) ?? [];
      if (command === undefined) throw unknown();
      stage.healthcheck = execForm(command);
      break;
    }
    case 'USER':
      stage.user = rest;
      break;
    case 'EXPOSE':
      break;
    default:
      throw unknown();
  }
}

function newStage(base: string, name: string | undefined): OpenStage {
  return {
    name,
    base,
    folder: '/',
    steps: [],
    environment: {},
    labels: {},
    entrypoint: [],
    command: [],
    user: 'root',
    healthcheck: [],
  };
}
