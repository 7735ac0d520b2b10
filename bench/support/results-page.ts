// The page of results, in Markdown: what was aimed at and what came of it, and then part by part the figures with the
// command, the date, the commit and the versions that they belong to, and what someone wrote about them.

import type { Aim } from './aim.ts';
import { verdictOf, wantedText } from './aim.ts';
import { minutesText } from './estimate.ts';
import type { MachineFacts } from './machine.ts';
import { figureText } from './measurement-table.ts';
import type { PartRecord } from './results-store.ts';

const DECIMALS = 2;
/** The first line of a note, with the time of the figures that it is about. */
const NOTE_HEAD = /^About the figures of (\d{4}-\d\d-\d\d \d\d:\d\d UTC)/;

/** Makes the page. `noteOf` gives what stands in the notes about a part. */
export function resultsPage(
  records: readonly PartRecord[],
  noteOf: (partName: string) => string | null,
): string {
  const machines = new Set(records.map(({ machine }) => machineText(machine)));
  return [
    '# What the bench has measured',
    'Written by `npm run bench -- all --results FILE` out of the folder results/, which has a file for each part: a part that is measured again replaces its own figures alone. What the figures mean stands in README.md. Figures are medians of so many runs as the tables say; text in notes/ was written by hand.',
    [...machines].map((text) => `- ${text}`).join('\n'),
    ...aimsSection(records),
    ...records.map((record) => partSection(record, machines.size > 1, noteOf(record.name))),
  ]
    .map((text) => `${text}\n`)
    .join('\n');
}

function machineText({ cpu, cores, memoryGib, kernel, isPinned }: MachineFacts): string {
  const where = isPinned ? 'server and load program on a core each' : 'NOT pinned to cores';
  return `Machine: ${cpu}, ${cores} cores, ${memoryGib} GiB, Linux ${kernel}; ${where}.`;
}

function aimsSection(records: readonly PartRecord[]): string[] {
  const rows = records.flatMap(({ name, aims }) => aims.map((aim) => ({ name, aim })));
  if (rows.length === 0) return [];
  const verdicts = rows.map(({ aim }) => verdictOf(aim));
  const count = (wanted: string): number => verdicts.filter((verdict) => verdict === wanted).length;
  const unmeasured = count('not measured') === 0 ? '' : `, ${count('not measured')} not measured`;
  const head = ['aim', 'measured', 'aimed at', 'came to', 'part'];
  const lines = [head, head.map(() => '---'), ...rows.map(({ name, aim }) => aimRow(name, aim))];
  return [
    '## Aims',
    `Of ${rows.length} aims ${count('met')} are met and ${count('MISSED')} MISSED${unmeasured}.`,
    lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n'),
  ];
}

function aimRow(partName: string, aim: Aim): string[] {
  const { text, value, caveats } = aim;
  const cameTo = [verdictOf(aim), ...caveats].join('; ');
  return [text, figureText(value, DECIMALS), wantedText(aim), cameTo, partName];
}

/** What was written by hand, and a word where it is about other figures than those above it. */
function noteSection(note: string, { machine }: PartRecord): string {
  const [, about] = NOTE_HEAD.exec(note) ?? [];
  const measured = measuredText(machine);
  if (about === measured) return note;
  return about === undefined
    ? `*This note does not say which figures it is about; those above were measured ${measured}.*\n\n${note}`
    : `*This note is about other figures; those above were measured ${measured}.*\n\n${note}`;
}

/** When a part was measured, to the minute: what its figures are known by. */
function measuredText({ startedAt }: MachineFacts): string {
  return `${startedAt.slice(0, 16).replace('T', ' ')} UTC`;
}

function partSection(record: PartRecord, hasSeveralMachines: boolean, note: string | null): string {
  const { name, command, machine, tookMs, versions, isRight, isVoid, faults, report } = record;
  const settings = Object.entries(machine.settings).map(([key, value]) => `${key}=${value}`);
  const facts = [
    `- Measured ${measuredText(machine)} in ${minutesText(tookMs)}, commit ${machine.commit}, load average before it ${machine.loadAverage.toFixed(1)}.`,
    `- Node ${machine.node}; ${versions.join(', ')}.`,
    ...(settings.length === 0 ? [] : [`- Settings changed: ${settings.join(', ')}.`]),
    ...(hasSeveralMachines ? [`- ${machineText(machine)}`] : []),
  ];
  const verdicts = [
    isRight ? 'No faults: nothing was lost or changed, and no client starved.' : 'FAULTS: this must not be.',
    ...(isVoid ? ['Some runs are VOID, for the load program was at its limit; they do not count.'] : []),
  ];
  const blocks = [
    `## ${name}`,
    `    ${command}`,
    facts.join('\n'),
    `\`\`\`text\n${report.join('\n')}\n\`\`\``,
    verdicts.join(' '),
    ...(faults.length === 0 ? [] : [faults.map((fault) => `- FAULT ${fault}`).join('\n')]),
    ...(note === null ? [] : [noteSection(note, record)]),
  ];
  return blocks.join('\n\n');
}
