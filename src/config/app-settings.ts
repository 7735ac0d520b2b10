// The settings of single applications, found by what clients connect to.

import type { Config } from './schema.ts';

/**
 * Makes something of the stream settings of every application, once each: of its own in `apps`, completed by `streams`,
 * or of `streams` alone where it has none. Gives the look-up, by an application with or without its instance.
 */
export function perApp<Made>(
  { streams, apps }: Config,
  make: (streams: Config['streams']) => Made,
): (app: string) => Made {
  const shared = make(streams);
  const own = new Map(Object.entries(apps).map(([name, app]) => [name, make({ ...streams, ...app })]));
  return (app) => own.get(nameOf(app)) ?? shared;
}

/** The name of an application without its instance: `live` of `live/eu`. */
function nameOf(app: string): string {
  const slash = app.indexOf('/');
  return slash < 0 ? app : app.slice(0, slash);
}
