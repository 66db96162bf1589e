/**
 * Makes a question that many ask at once be asked once. A run under way began before the question, so its answer may
 * be older than what the asker has seen; all who ask meanwhile share the next run.
 * @param run asks; each time it is called the one before has ended
 */
export function shareNextRun<T>(run: () => Promise<T>): () => Promise<T> {
  let next: PromiseWithResolvers<T> | undefined;
  let working = false;

  async function work(): Promise<void> {
    working = true;
    while (next !== undefined) {
      const current = next;
      next = undefined;
      try {
        current.resolve(await run());
      } catch (error) {
        current.reject(error);
      }
    }
    working = false;
  }

  return () => {
    next ??= Promise.withResolvers<T>();
    const { promise } = next;
    if (!working) void work();
    return promise;
  };
}
