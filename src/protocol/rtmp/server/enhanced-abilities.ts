// What client and server tell each other at connect about Enhanced RTMP: codecs by FourCC, and further abilities. It is
// never demanded: OBS announces nothing and sends it all the same. [ERTMP2 "Enhancing NetConnection connect Command"]

import type { AmfValue } from '../../amf/amf-value.ts';
import { AmfEcmaArray, AmfObject } from '../../amf/amf-value.ts';
import { numberOf, objectOf } from './command-args.ts';

/** Bits of `capsEx`. */
export const CapsEx = { Reconnect: 1, Multitrack: 2, ModEx: 4, TimestampNanoOffset: 8 } as const;

/** Bits of what may be done with a codec. */
const FourCcInfo = { CanDecode: 1, CanEncode: 2, CanForward: 4 } as const;
const ALL_FOUR_CC_INFO = FourCcInfo.CanDecode | FourCcInfo.CanEncode | FourCcInfo.CanForward;

/** Stands for any codec. */
const ANY_CODEC = '*';

/** LIMIT: codecs kept of each list; there are a dozen. Further ones are ignored. */
const MAX_FOUR_CCS = 32;

/** LIMIT: entries of a list that are looked at, whatever they are. */
const MAX_LOOKED_AT = 64;

/** A FourCC: four printable ASCII characters, or `*` alone. */
const FOUR_CC = /^(?:[\x20-\x7e]{4}|\*)$/;

/** What a client says of itself; empty where it said nothing. */
export type EnhancedAbilities = {
  /** True where it said any of this, so that it reads what is answered. */
  readonly isAnnounced: boolean;
  /** `fourCcList`: codecs that it can handle in some way, '*' for any, each once, at most 32. */
  readonly fourCcs: readonly string[];
  /** `videoFourCcInfoMap`: per codec 1 to decode, 2 to encode, 4 to forward; '*' for any. At most 32. */
  readonly videoFourCcs: ReadonlyMap<string, number>;
  /** `audioFourCcInfoMap`, likewise. */
  readonly audioFourCcs: ReadonlyMap<string, number>;
  /** Bits of {@link CapsEx}, u32; 0 where it said none. */
  readonly capsEx: number;
};

/** Reads what a connect says; what is of another type, or out of range, counts as missing. */
export function readEnhancedAbilities(properties: AmfObject): EnhancedAbilities {
  const said = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'];
  const capsEx = numberOf(properties, 'capsEx', 0);
  return {
    isAnnounced: said.some((key) => (properties.get(key) ?? null) !== null),
    fourCcs: readFourCcList(properties.get('fourCcList')),
    videoFourCcs: readFourCcMap(properties.get('videoFourCcInfoMap')),
    audioFourCcs: readFourCcMap(properties.get('audioFourCcInfoMap')),
    capsEx: capsEx >= 0 && capsEx <= 0xffff_ffff ? Math.floor(capsEx) : 0,
  };
}

/** What the server says of itself: it forwards any codec, reads every header, and can ask to reconnect. */
export function serverAbilities(): Record<string, AmfValue> {
  const forwardsAny = (): AmfObject => AmfObject.of({ [ANY_CODEC]: FourCcInfo.CanForward });
  return {
    fourCcList: [ANY_CODEC],
    videoFourCcInfoMap: forwardsAny(),
    audioFourCcInfoMap: forwardsAny(),
    capsEx: CapsEx.Reconnect | CapsEx.Multitrack | CapsEx.ModEx | CapsEx.TimestampNanoOffset,
  };
}

/** A strict array as a rule; one of named members holds the same. */
function readFourCcList(value: AmfValue): string[] {
  const values = value instanceof AmfEcmaArray ? [...value.elements, ...value.properties.values()] : value;
  if (!Array.isArray(values)) return [];
  const fourCcs = new Set<string>();
  for (const each of values.slice(0, MAX_LOOKED_AT)) {
    if (typeof each === 'string' && FOUR_CC.test(each) && fourCcs.size < MAX_FOUR_CCS) fourCcs.add(each);
  }
  return [...fourCcs];
}

function readFourCcMap(value: AmfValue): Map<string, number> {
  const masks = new Map<string, number>();
  let lookedAt = 0;
  for (const [fourCc, mask] of objectOf(value)?.properties ?? []) {
    lookedAt += 1;
    if (lookedAt > MAX_LOOKED_AT || masks.size === MAX_FOUR_CCS) break;
    if (!FOUR_CC.test(fourCc) || typeof mask !== 'number') continue;
    if (mask > 0 && mask <= 0xffff_ffff) masks.set(fourCc, mask & ALL_FOUR_CC_INFO);
  }
  return masks;
}
