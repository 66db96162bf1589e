import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { parseDockerfile, readDockerfile } from './dockerfile.ts';
import { hadolint, verdict } from '../tools.ts';

const root = join(import.meta.dirname, '..', '..');
const dockerfile = join(root, 'Dockerfile');
let program: string;

beforeAll(async () => {
  program = await hadolint();
}, 300_000);

describe('the Dockerfile', () => {
  test('is clean for hadolint', async () => {
    expect(await verdict(program, ['--failure-threshold', 'style', dockerfile])).toEqual({ ok: true, output: '' });
  });

  test.each([
    ['FROM node:24.21.0-bookworm-slim\n', 'FROM node:latest\n', 'DL3007'],
    ['WORKDIR /app\n', 'WORKDIR app\n', 'DL3000'],
    ['CMD ["services/gateway/src/main.ts"]', 'CMD node services/gateway/src/main.ts', 'DL3025'],
  ])('%j as %j is found', async (what, by, rule) => {
    const text = readFileSync(dockerfile, 'utf8');
    expect(text).toContain(what);
    const folder = mkdtempSync(join(tmpdir(), 'nask-dockerfile-'));
    writeFileSync(join(folder, 'Dockerfile'), text.replace(what, by));
    const { ok, output } = await verdict(program, ['--failure-threshold', 'style', join(folder, 'Dockerfile')]);
    rmSync(folder, { recursive: true });
    expect([ok, output]).toEqual([false, expect.stringContaining(rule)]);
  });
});

describe('what the checks of the image read of a Dockerfile', () => {
  test('is each stage, with its files and its commands', () => {
    const text = `# a comment
FROM node:24 AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
# between two lines
RUN npm ci && \\
    npm run build
FROM node:24-slim
ENV A=1 B="two words"
COPY --from=dependencies /app ./
USER 1000:1000
EXPOSE 8000
ENTRYPOINT ["node"]
CMD ["main.ts"]
HEALTHCHECK --interval=5s --retries=3 CMD ["node", "-e", "f()"]
`;
    const [dependencies, image, ...others] = parseDockerfile(text);
    expect(others).toEqual([]);
    expect(dependencies).toMatchObject({
      name: 'dependencies',
      base: 'node:24',
      folder: '/app',
      steps: [
        { kind: 'copy', from: undefined, sources: ['package.json', 'package-lock.json'], target: './' },
        { kind: 'run', command: 'npm ci && npm run build' },
      ],
    });
    expect(image).toMatchObject({
      name: undefined,
      environment: { A: '1', B: 'two words' },
      steps: [{ kind: 'copy', from: 'dependencies', sources: ['/app'], target: './' }],
      user: '1000:1000',
      entrypoint: ['node'],
      command: ['main.ts'],
      healthcheck: ['node', '-e', 'f()'],
    });
  });

  test.each([
    '# syntax=docker/dockerfile:1\nFROM node',
    'COPY a b',
    'FROM node\nADD a b',
    'FROM node\nSHELL ["sh"]',
    'FROM node\ncopy a b',
    'FROM node\nCOPY --chown=1 a b',
    'FROM node\nCOPY --from=x --link a b',
    'FROM node\nCOPY a*.json b',
    'FROM node\nCOPY $A b',
    'FROM node\nRUN --mount=type=cache,target=/a b',
    'FROM node\nRUN ["a"]',
    'FROM node\nENV A 1',
    'FROM node\nENV A=$B',
    'FROM node\nWORKDIR app',
    'FROM node\nCMD node main.ts',
    'FROM --platform=x node',
    'FROM $BASE',
  ])('refuses what it does not know: %j', (text) => {
    expect(() => parseDockerfile(text)).toThrow(/not known/);
  });

  test('has the versions, the description and the licence of package.json, as the rest of the repository does', () => {
    const { version, description, license, devDependencies } = JSON.parse(
      readFileSync(join(root, 'package.json'), 'utf8'),
    ) as { version: string; description: string; license: string; devDependencies: { node: string } };
    const stages = readDockerfile(dockerfile);
    expect(stages.map(({ base }) => base)).toEqual(stages.map(() => `node:${devDependencies.node}-bookworm-slim`));
    expect(stages.at(-1)!.labels).toMatchObject({
      'org.opencontainers.image.version': version,
      'org.opencontainers.image.description': description,
      'org.opencontainers.image.licenses': license,
    });
    const workspaces = [
      'schemas',
      ...['packages', 'services'].flatMap((folder) =>
        readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
      ),
    ];
    const mentions: [file: string, mention: RegExp][] = [
      ['docker-compose.yml', /nask-task:\$\{NASK_VERSION:-(.+)\}/],
      ['k8s/base/kustomization.yaml', /name: nask-task, newTag: (\S+)/],
      ['docs/deploying.md', /docker build -t nask-task:(\S+)/],
      ['docs/deploying.md', /kind load docker-image nask-task:(\S+)/],
      ['package-lock.json', /"name": "nask-task",\s+"version": "(.+)"/],
      ...workspaces.map((folder): [string, RegExp] => [`${folder}/package.json`, /^  "version": "(.+)"/m]),
    ];
    for (const [file, mention] of mentions)
      expect([file, mention.exec(readFileSync(join(root, file), 'utf8'))?.[1]]).toEqual([file, version]);
  });
});
