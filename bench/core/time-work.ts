// Times a call with mitata, in CPU time of this process with all its threads: garbage collection counts, what else the
// machine does does not.

import { measure } from 'mitata';

const WARM_UP_NS = 150e6;
const MEASURED_NS = 300e6;
const SAMPLE_NS = 4e6;
/** mitata calls so many times in a row within its loop. */
const UNROLL = 4;

/** CPU time of one call in ns, the mean over at least 0.3 s of them after a warm-up. */
export async function timeCallNs(call: () => unknown): Promise<number> {
  let calls = 0;
  const startNs = cpuNs();
  let usedNs = 0;
  for (; usedNs < WARM_UP_NS; usedNs = cpuNs() - startNs) {
    call();
    calls += 1;
  }
  const sampleCalls = Math.max(1, Math.round((SAMPLE_NS * calls) / usedNs / UNROLL)) * UNROLL;
  const { avg } = await measure(call, {
    now: cpuNs,
    min_cpu_time: MEASURED_NS,
    batch_unroll: UNROLL,
    batch_samples: sampleCalls,
    // Always in batches, and no sample left out: the slowest are those with the garbage collection.
    warmup_threshold: Number.POSITIVE_INFINITY,
    batch_threshold: Number.POSITIVE_INFINITY,
    samples_threshold: Number.POSITIVE_INFINITY,
  });
  return avg;
}

function cpuNs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}
