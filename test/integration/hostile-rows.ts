// The table of hostile input, all of it.

import { AMF3_ROWS } from './hostile-amf3-rows.ts';
import { CHUNK_ROWS } from './hostile-chunk-rows.ts';
import { FLOOD_ROWS } from './hostile-flood-rows.ts';
import { MESSAGE_ROWS } from './hostile-message-rows.ts';
import type { HostileRow } from './hostile-row.ts';

/** Every row. */
export const HOSTILE_ROWS: readonly HostileRow[] = [
  ...CHUNK_ROWS,
  ...MESSAGE_ROWS,
  ...AMF3_ROWS,
  ...FLOOD_ROWS,
];
