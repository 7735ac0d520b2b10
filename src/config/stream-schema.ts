// The part of the schema that is about live streams and their viewers.

import { FULLY_MERGED_VIEWERS, UNMERGED_VIEWERS } from '../streams/limits.ts';
import { MAX_NAME_LENGTH_CHARS } from './app-schema.ts';
import { characters, duration, group, size, toggle } from './setting.ts';

/** What holds for all live streams, and can be otherwise for those of one application. */
export const streamSettings = {
  gopCache: toggle(
    true,
    'Whether a new viewer starts at the last keyframe at once; set false where a viewer should rather wait for the next one and be nearer to live.',
  ),
  gopCacheBytes: size(
    { default: '16MiB', from: '64KiB', to: '1GiB' },
    'How much of a live stream is kept for viewers who come or lag; raise it for high bit rates with rare keyframes, lower it to save memory with many streams.',
  ),
  gopCacheTime: duration(
    { default: '30s', from: '1s', to: '10m' },
    'How much time of a live stream is kept for viewers who come or lag; raise it where keyframes are further apart than this.',
  ),
  viewerLag: duration(
    { default: '5s', from: '1s', to: '60s' },
    'How far behind live a slow viewer may fall before it jumps to the newest keyframe; raise it for fewer jumps, lower it to stay nearer to live.',
  ),
  viewerLagBytes: size(
    { default: '8MiB', from: '64KiB', to: '256MiB' },
    'How many bytes a slow viewer may fall behind before it jumps to the newest keyframe, where that comes before viewerLag; raise it for streams of more than 12 Mbit/s.',
  ),
  mergeTime: duration(
    { default: '40ms', from: '0ms', to: '1s' },
    {
      description:
        'How long messages are collected into one write while many watch; raise it to serve more viewers per core, set 0ms for the least delay.',
      note: `Up to ${UNMERGED_VIEWERS} viewers of a stream get each message at once over RTMP, ${FULLY_MERGED_VIEWERS} and more are written to this seldom, in between it grows with their number. Tunnel viewers wait for \`tunnel.gatherTime\`, or for this where it is longer. Messages leave with the first one behind that time, or a quarter of it later.`,
    },
  ),
};

/** What holds for all live streams. */
export const streamsGroup = group(
  {
    ...streamSettings,
    maxNameLength: characters(
      { default: 256, minimum: 1, maximum: MAX_NAME_LENGTH_CHARS },
      'Longest name of an application or a stream, its query not counted; raise it only where names carry data.',
    ),
  },
  'Live streams and their viewers.',
);
