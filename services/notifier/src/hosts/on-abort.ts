const listenersOf = new WeakMap<AbortSignal, Set<() => void>>();

/**
 * Calls the listener once when the signal fires; not when it has fired already. Takes the same time however many
 * listen: all that is held of a partition listens to one signal, and `addEventListener` compares with each of them.
 * @returns how to stop listening
 */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  const listeners = listenersOf.get(signal) ?? listenTo(signal);
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function listenTo(signal: AbortSignal): Set<() => void> {
  const listeners = new Set<() => void>();
  listenersOf.set(signal, listeners);
  const fire = (): void => {
    for (const listener of listeners) {
      listeners.delete(listener);
      listener();
    }
  };
  signal.addEventListener('abort', fire, { once: true });
  return listeners;
}
