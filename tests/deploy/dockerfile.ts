import { readFileSync } from 'node:fs';

/** The last stage of a Dockerfile, as far as it says what is in the image and how it is run. */
export interface ImageRecipe {
  /** Files of the build context, and where they go. */
  readonly copies: readonly { readonly sources: readonly string[]; readonly target: string }[];
  readonly environment: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly user: string;
  readonly healthcheck: readonly string[];
}

/** Reads a Dockerfile of the simple kind that ours is: no variables in what is read here. @throws Error for what it does not know */
export function readDockerfile(file: string): ImageRecipe {
  const lines = readFileSync(file, 'utf8')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  const stage = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const of = (instruction: string) =>
    stage.filter((line) => line.startsWith(`${instruction} `)).map((line) => line.slice(instruction.length + 1).trim());
  const array = (text: string | undefined) => JSON.parse(/\[.*\]$/.exec(text ?? '')?.[0] ?? '[]') as string[];
  const environment = Object.fromEntries(
    of('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split('=', 2) as [string, string])),
  );
  const copies = of('COPY')
    .filter((line) => !line.startsWith('--from='))
    .map((line) => {
      const words = line.split(/\s+/);
      return { sources: words.slice(0, -1), target: words.at(-1)! };
    });
  return {
    copies,
    environment,
    entrypoint: array(of('ENTRYPOINT')[0]),
    user: of('USER')[0] ?? 'root',
    healthcheck: array(of('HEALTHCHECK')[0]),
  };
}
