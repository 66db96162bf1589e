import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Context } from 'koa';
import { HttpProblem } from '../http/problems.ts';
import { responses, unchanged, type RouteHandler, type Operation } from '../http/route.ts';

const ownFolder = join(import.meta.dirname, 'docs-page');
const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The parts of the page: ours, and those of swagger-ui-dist. Nothing else of the package is served. */
const parts: ReadonlyMap<string, string> = new Map([
  ...['start.js', 'page.css'].map((name) => [name, ownFolder] as const),
  ...['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'].map((name) => [name, swaggerFolder] as const),
]);

/** The names of all parts. */
const docsPageParts: readonly string[] = [...parts.keys()];

/**
 * The page runs scripts from here alone, and calls this API alone. Swagger UI sets styles in elements, and shows
 * images of answers from blobs.
 */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A file of the page, read once. */
interface PageFile {
  readonly name: string;
  readonly body: Buffer;
  readonly eTag: string;
}

export const getDocsOperation: Operation = {
  operationId: 'getDocs',
  summary: 'Open the interactive page of this document',
  tags: ['about'],
  responses: responses({
    200: {
      description: 'A page for people. It loads nothing from other hosts.',
      content: { 'text/html': { schema: { type: 'string' } } },
    },
    304: unchanged,
  }),
};

export const getDocsPartOperation: Operation = {
  operationId: 'getDocsPart',
  summary: 'Read a part of the interactive page',
  'x-internal': true,
  tags: ['about'],
  parameters: [
    {
      name: 'file',
      in: 'path',
      required: true,
      description: 'Name of the part.',
      schema: { type: 'string', enum: docsPageParts },
      example: docsPageParts[0],
    },
  ],
  responses: responses(
    {
      200: {
        description: 'The part.',
        content: Object.fromEntries(
          ['text/javascript', 'text/css', 'image/png'].map((type) => [type, { schema: { type: 'string' } }]),
        ),
      },
      304: unchanged,
    },
    ['not-found'],
  ),
};

/** `GET /docs`: the OpenAPI document as an interactive page (Swagger UI), served from here without any other host. */
export function getDocs(): RouteHandler {
  const page = readFile('index.html', ownFolder);
  return (ctx) => {
    ctx.set('Content-Security-Policy', contentSecurityPolicy);
    answerFile(ctx, page);
  };
}

export function getDocsPart(): RouteHandler {
  const files = new Map([...parts].map(([name, folder]) => [name, readFile(name, folder)]));
  return (ctx) => {
    const file = files.get(ctx.params['file'] ?? '');
    if (file === undefined) throw new HttpProblem('not-found', 'The page has no such part.');
    answerFile(ctx, file);
  };
}

function readFile(name: string, folder: string): PageFile {
  const body = readFileSync(join(folder, name));
  return { name, body, eTag: `"${hash('sha1', body, 'base64url')}"` };
}

/** The names have no version, so a browser has to ask each time whether its copy is the present one. */
function answerFile(ctx: Context, { name, body, eTag }: PageFile): void {
  ctx.status = 200;
  ctx.set('Cache-Control', 'no-cache');
  ctx.set('ETag', eTag);
  if (ctx.fresh) {
    ctx.status = 304;
    return;
  }
  ctx.type = name;
  ctx.body = body;
}
