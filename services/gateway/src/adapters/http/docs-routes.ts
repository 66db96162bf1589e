import { createReadStream } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import Router from '@koa/router';
import { HttpProblem } from './problem.ts';

const ownFolder = join(import.meta.dirname, 'docs-page');
const swaggerFolder = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

/** The parts of the page: ours, and those of swagger-ui-dist. Nothing else of the package is served. */
const parts: ReadonlyMap<string, string> = new Map([
  ...['start.js', 'page.css'].map((name) => [name, ownFolder] as const),
  ...['swagger-ui-bundle.js', 'swagger-ui.css', 'favicon-32x32.png'].map((name) => [name, swaggerFolder] as const),
]);

/** The names of all parts. */
export const docsPageParts: readonly string[] = [...parts.keys()];

/**
 * The page runs scripts from here alone, and calls this API alone. Swagger UI sets styles in elements, and shows
 * images of answers from blobs.
 */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /docs`: the OpenAPI document as an interactive page (Swagger UI), served from here without any other host. */
export function createDocsRoutes(): Router {
  // Strict, because the page names its parts relative to /docs, so that it also works below a prefix.
  const router = new Router({ strict: true });
  router.get('/docs', (ctx) => {
    ctx.set('Content-Security-Policy', contentSecurityPolicy);
    ctx.type = 'html';
    ctx.body = createReadStream(join(ownFolder, 'index.html'));
  });
  router.get('/docs/:file', (ctx) => {
    const file = ctx.params['file'] ?? '';
    const folder = parts.get(file);
    if (folder === undefined) throw new HttpProblem('not-found', 'The page has no such part.');
    ctx.set('Cache-Control', 'max-age=3600');
    ctx.type = file;
    ctx.body = createReadStream(join(folder, file));
  });
  return router;
}
