/** So many places that requests may take, and leave again. */
export interface Places {
  /** Takes a place: the function leaves it, once. Undefined when there is none. */
  take(): (() => void) | undefined;
}

export function createPlaces(count: number): Places {
  let taken = 0;
  return {
    take() {
      if (taken >= count) return undefined;
      taken += 1;
      let isTaken = true;
      return () => {
        if (isTaken) taken -= 1;
        isTaken = false;
      };
    },
  };
}
