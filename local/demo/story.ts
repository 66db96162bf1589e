/** What happens, one line each, in the order in which it is seen. */
export interface Story {
  tell(kind: 'request' | 'event' | 'webhook' | 'read', taskId: number, text: string): void;
}

/** Lines with the time since the beginning, the kind and the task in columns. */
export function createStory(write: (line: string) => void, nowMs: () => number = () => performance.now()): Story {
  const startedMs = nowMs();
  return {
    tell: (kind, taskId, text) => {
      const seconds = ((nowMs() - startedMs) / 1000).toFixed(3).padStart(7);
      write(`${seconds} s  ${kind.padEnd(8)} task ${String(taskId).padEnd(6)} ${text}`);
    },
  };
}
