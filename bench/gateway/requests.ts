/** A request that the load repeats. */
export interface LoadRequest {
  method: 'GET' | 'POST';
  path: string;
  body?: string;
}

/** One more task. */
export const post = (): LoadRequest => ({
  method: 'POST',
  path: '/api/tasks',
  body: '{"type":"prime","payload":{"input":100}}',
});

/** Any of so many tasks that are there, under the ids from 1 on. */
export const getOf = (storedTasks: number) => (): LoadRequest => ({
  method: 'GET',
  path: `/api/tasks/${1 + Math.floor(Math.random() * storedTasks)}`,
});
