// Reads a Dockerfile into its stages, and a .dockerignore into a question. As much of both languages as the project's
// own files use: what goes beyond fails.

/** One line of a Dockerfile, with what continues it. */
export type Instruction = { readonly name: string; readonly rest: string };

/** What follows one FROM. */
export type Stage = {
  /** Its name, empty where it has none. */
  readonly name: string;
  /** The image or stage it begins with, variables put in. */
  readonly base: string;
  readonly instructions: readonly Instruction[];
};

/** A COPY: from the context where `from` is null, otherwise from that stage. */
export type Copy = {
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
};

const KNOWN = new Set(
  'ARG FROM WORKDIR COPY RUN LABEL USER ENV EXPOSE HEALTHCHECK STOPSIGNAL ENTRYPOINT CMD'.split(' '),
);

function readInstructions(text: string): Instruction[] {
  const code = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  const lines = code
    .join('\n')
    .replaceAll(/\\\n\s*/g, '')
    .split('\n');
  return lines.map((line) => {
    const [, name = '', rest = ''] = /^(\S+)\s+(.*)$/.exec(line) ?? [];
    if (!KNOWN.has(name)) throw new Error(`expected an instruction, found ${line}`);
    return { name, rest };
  });
}

/** Reads the stages of a Dockerfile, in their order. */
export function readStages(text: string): Stage[] {
  const values = new Map<string, string>();
  const stages: { name: string; base: string; instructions: Instruction[] }[] = [];
  for (const instruction of readInstructions(text)) {
    const { name, rest } = instruction;
    const stage = stages.at(-1);
    if (name === 'FROM') {
      const [, base = '', stageName = ''] = /^(\S+)(?: AS (\S+))?$/.exec(rest) ?? [];
      const filled = base.replaceAll(/\$\{(\w+)\}/g, (_all, key: string) => values.get(key) ?? '');
      stages.push({ name: stageName, base: filled, instructions: [] });
    } else if (stage !== undefined) {
      stage.instructions.push(instruction);
    } else {
      const [, key = '', value = ''] = /^(\w+)=(\S+)$/.exec(rest) ?? [];
      values.set(key, value);
    }
  }
  return stages;
}

/** What a stage says by one instruction, each time. */
export function restsOf(stage: Stage, name: string): string[] {
  return stage.instructions.filter((instruction) => instruction.name === name).map(({ rest }) => rest);
}

/** What a stage copies. */
export function copiesOf(stage: Stage): Copy[] {
  return restsOf(stage, 'COPY').map((rest) => {
    const words = rest.split(/\s+/);
    const flag = words[0]?.startsWith('--') ? words.shift() : undefined;
    if (flag !== undefined && !flag.startsWith('--from=')) throw new Error(`expected --from, found ${flag}`);
    const target = words.pop() ?? '';
    return { from: flag?.slice('--from='.length) ?? null, sources: words, target };
  });
}

/** Names and values of ENV or LABEL. */
export function pairsOf(stage: Stage, name: 'ENV' | 'LABEL'): Map<string, string> {
  const pairs = restsOf(stage, name).flatMap((rest) => [...rest.matchAll(/([\w.]+)=(?:"([^"]*)"|(\S+))/g)]);
  return new Map(pairs.map(([, key = '', quoted, bare]) => [key, quoted ?? bare ?? '']));
}

/** The words of an instruction in exec form. */
export function wordsOf(stage: Stage, name: string): string[] {
  const rest = restsOf(stage, name).at(-1) ?? '';
  const words: unknown = JSON.parse(rest.slice(rest.indexOf('[')));
  if (!Array.isArray(words)) throw new Error(`expected the exec form, found ${rest}`);
  return words.map(String);
}

/** Tells of a path below the context whether `ignoreText`, a .dockerignore, keeps it out: the last line that fits does. */
export function isIgnored(ignoreText: string, path: string): boolean {
  const lines = ignoreText.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  let ignored = false;
  for (const line of lines) {
    const pattern = line.replace(/^!/, '').trim();
    const source = pattern.replaceAll(/[.+^$()|[\]{}\\]/g, '\\$&').replaceAll('*', '[^/]*');
    // What is within a folder that fits, fits as well.
    if (new RegExp(`^${source}(?:/|$)`).test(path)) ignored = !line.startsWith('!');
  }
  return ignored;
}
