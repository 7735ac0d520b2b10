// Reads a unit file of systemd: sections, keys, and every value that a key was given.

/** Values by `Section.Key`, in their order. */
export type Unit = ReadonlyMap<string, readonly string[]>;

/** Reads a unit file. Lines that are neither comment, section nor setting fail. */
export function readUnit(text: string): Unit {
  const unit = new Map<string, string[]>();
  let section = '';
  for (const line of text.split('\n')) {
    if (/^(#|;|$)/.test(line)) continue;
    const heading = /^\[(\w+)\]$/.exec(line);
    const setting = /^(\w+)=(.*)$/.exec(line);
    if (heading !== null) section = heading[1] ?? '';
    else if (setting !== null) {
      const key = `${section}.${setting[1] ?? ''}`;
      unit.set(key, [...(unit.get(key) ?? []), setting[2] ?? '']);
    } else throw new Error(`expected a setting, found ${line}`);
  }
  return unit;
}

/** The one value of a key of [Service], undefined where it is not set. */
export function serviceValue(unit: Unit, key: string): string | undefined {
  const values = unit.get(`Service.${key}`) ?? [];
  if (values.length > 1) throw new Error(`expected one ${key}, found ${values.length}`);
  return values[0];
}
