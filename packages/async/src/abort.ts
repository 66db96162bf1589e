const listenersKey = Symbol('listeners of onAbort');

/** The listeners stand on the signal itself: a WeakMap of many signals costs more than twice as much, and in each full GC. */
type SharedSignal = AbortSignal & { [listenersKey]?: Set<() => void> };

/**
 * Calls the listener once when the signal fires; not when it has fired already. Takes the same time however many
 * listen: thousands of records of a partition share one signal, and `addEventListener` compares with each listener.
 * What a listener throws is an uncaught exception, as with `addEventListener`; the others are called all the same.
 * @returns how to stop listening
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) return () => {};
  const listeners = (signal as SharedSignal)[listenersKey] ?? listenTo(signal);
  // One entry a call: the same listener may be passed twice.
  const entry = (): void => listener();
  listeners.add(entry);
  return () => listeners.delete(entry);
}

function listenTo(signal: SharedSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  signal[listenersKey] = listeners;
  const fire = (): void => {
    for (const listener of listeners) {
      listeners.delete(listener);
      try {
        listener();
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  };
  signal.addEventListener('abort', fire, { once: true });
  return listeners;
}

/**
 * The outcome of a promise, or a rejection with the signal's reason as soon as the signal is aborted: for work that does
 * not listen to the signal, or not at once. After an abort the outcome of the promise is ignored, errors included.
 * Cheap for a signal with few listeners; for one that thousands share see `onAbort`.
 */
export function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
