// CPU time and memory of a process and its children, read from /proc (Linux). proc(5)

import { readFileSync } from 'node:fs';

/** Ticks of /proc/PID/stat a second: USER_HZ, 100 on every Linux that Node runs on. */
const MS_PER_TICK = 10;
const KIB = 1024;

/** CPU time of a process and its living children so far, user and system, ms in steps of 10. */
export function cpuMs(pid: number): number {
  let ticks = 0;
  for (const id of [pid, ...childrenOf(pid)]) {
    const stat = readFileSync(`/proc/${id}/stat`, 'latin1');
    // WHY: the second field is the program's name in parentheses and may hold spaces; counting begins behind it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks * MS_PER_TICK;
}

/** Resident memory of a process and its living children, bytes. */
export function residentBytes(pid: number): number {
  let bytes = 0;
  for (const id of [pid, ...childrenOf(pid)]) {
    const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${id}/status`, 'latin1'));
    bytes += Number(match?.[1] ?? 0) * KIB;
  }
  return bytes;
}

function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim();
  return text === '' ? [] : text.split(' ').map(Number);
}
