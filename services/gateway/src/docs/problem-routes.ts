import Router from '@koa/router';
import { HttpProblem } from '../http/problem.ts';
import { problemTypes, type ProblemName, type ProblemType } from '../http/problem-types.ts';

/** `GET /problems/{name}`: what the `type` of a problem detail refers to. */
export function createProblemRoutes() {
  const router = new Router();
  router.get('/problems/:name', (ctx) => {
    const name = ctx.params['name'] ?? '';
    if (!Object.hasOwn(problemTypes, name)) throw new HttpProblem('not-found', 'There is no such kind of error.');
    const { status, title, meaning }: ProblemType = problemTypes[name as ProblemName];
    ctx.body = { type: `/problems/${name}`, status, title, meaning };
  });
  return router;
}
