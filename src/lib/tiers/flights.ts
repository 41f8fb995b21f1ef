/** Work under way in this process, by what it is about: who asks for the same meanwhile gets the same answer. */
export function createFlights<T>() {
  const flights = new Map<string, Promise<T>>();
  return {
    join(name: string, work: () => Promise<T>): Promise<T> {
      const known = flights.get(name);
      if (known) return known;
      const flight = work().finally(() => flights.delete(name));
      flights.set(name, flight);
      return flight;
    },
  };
}
