// What client and server tell each other at connect about Enhanced RTMP. Of a client's codecs nothing is kept: all media go
// to all players as they came. Announcing is never demanded: OBS announces nothing and sends it all the same.
// [ERTMP2 "Enhancing NetConnection connect Command"]

import type { AmfValue } from '../../amf/amf-value.ts';
import { AmfObject } from '../../amf/amf-value.ts';
import { numberOf } from './command-args.ts';

/** Bits of `capsEx`. */
export const CapsEx = { Reconnect: 1, Multitrack: 2, ModEx: 4, TimestampNanoOffset: 8 } as const;

/** What may be done with a codec: 1 is to decode it, 2 to encode it. */
const FourCcInfo = { CanForward: 4 } as const;

/** Stands for any codec. */
const ANY_CODEC = '*';

/** Properties of a connect that say anything of Enhanced RTMP. */
const ANNOUNCEMENTS = ['fourCcList', 'videoFourCcInfoMap', 'audioFourCcInfoMap', 'capsEx'] as const;

/** What a client says of itself; empty where it said nothing. */
export type EnhancedAbilities = {
  /** True where it said any of this, so that it reads what is answered. */
  readonly isAnnounced: boolean;
  /** Bits of {@link CapsEx}, u32; 0 where it said none. */
  readonly capsEx: number;
};

/** Reads what a connect says; what is of another type, or out of range, counts as missing. */
export function readEnhancedAbilities(properties: AmfObject): EnhancedAbilities {
  const capsEx = numberOf(properties, 'capsEx', 0);
  return {
    isAnnounced: ANNOUNCEMENTS.some((key) => (properties.get(key) ?? null) !== null),
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
